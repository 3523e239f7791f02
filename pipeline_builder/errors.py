"""What can go wrong while the pipeline is built or deployed.

PipelineBuilderError
|- DefinitionError   a definition cannot be built, read or rendered
|- CertificateError  pictures cannot be signed with the given certificates
|- BundleError       the code or the base networks cannot be collected from the checkout
|- ParameterError    the template's parameters cannot be read
'- StackError        the stack is unfinished or lacks an output
   '- NoStackError   there is no stack yet
"""

from __future__ import annotations


class PipelineBuilderError(Exception):
    """Base of every error of this package; its text is meant for the person who ran the command."""


class DefinitionError(PipelineBuilderError):
    """A pipeline definition cannot be built, read or rendered."""


class BundleError(PipelineBuilderError):
    """The code bundle or the base networks cannot be collected from the checkout."""


class CertificateError(PipelineBuilderError):
    """Pictures cannot be signed with the given certificates, or none are given."""


class ParameterError(PipelineBuilderError):
    """The template's parameters, as the deployer gives them, cannot be read."""


class StackError(PipelineBuilderError):
    """The stack is missing, is not in a finished state or lacks an output that the pipeline needs."""


class NoStackError(StackError):
    """There is no stack of this name, or one that was never deployed."""
