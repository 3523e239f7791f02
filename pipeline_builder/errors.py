"""What can go wrong while the pipeline is built or deployed.

PipelineBuilderError
|- DefinitionError   a definition cannot be built, read or rendered
|- BundleError       the code or the base networks cannot be collected from the checkout
'- StackError        the stack is missing, unfinished or lacks an output
"""

from __future__ import annotations


class PipelineBuilderError(Exception):
    """Base of every error of this package; its text is meant for the person who ran the command."""


class DefinitionError(PipelineBuilderError):
    """A pipeline definition cannot be built, read or rendered."""


class BundleError(PipelineBuilderError):
    """The code bundle or the base networks cannot be collected from the checkout."""


class StackError(PipelineBuilderError):
    """The stack is missing, is not in a finished state or lacks an output that the pipeline needs."""
