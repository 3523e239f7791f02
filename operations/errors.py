"""What can go wrong for an operator; every message is meant for the person who typed the command.

OperationsError
├── StackError       there is no such stack, or it is not this project's template
├── UsageError       an argument cannot be used
├── RunError         there is no such run, or it cannot be cancelled any more
├── FunctionError    start_run refuses, or has failed
├── DatasetBusy      a run of the dataset is active
└── Unfinished       a command did part of its work; it says what is left
"""


# ruff: noqa: N818  (DatasetBusy says more than DatasetBusyError)


class OperationsError(Exception):
    """Base of all errors of this package."""


class WorkshopStackError(OperationsError):
    """The stack does not exist, or lacks something that template.yaml has."""


class UsageError(OperationsError):
    """An argument is not of its form, or names something that does not exist."""


class RunError(OperationsError):
    """A run is unknown, or in no state for what was asked."""


class FunctionError(OperationsError):
    """The function start_run refuses the request, or has failed."""


class DatasetBusy(OperationsError):
    """Something must not be done while a run of the dataset is active."""


class Unfinished(OperationsError):
    """Part of the work is done, and the rest could not be."""
