"""What can go wrong with the local workshop.

LocalError
├── StartError       a part of the workshop did not start
├── PackageError     functions or layer could not be packaged, or the template not translated
├── DeployError      the embedded AWS refused the stack
├── DropError        a folder of images cannot be dropped
├── DemoError        no run was started, or it did not end
└── NotRunningError  a command needs `up` first
"""


class LocalError(Exception):
    """The local workshop cannot do what was asked; the message says why and what to do."""


class LocalStartError(LocalError):
    """A part of the workshop did not start."""


class PackageError(LocalError):
    """Functions or layer could not be packaged, or the template could not be translated."""


class DeployError(LocalError):
    """The embedded AWS refused the stack."""


class DropError(LocalError):
    """A folder of images cannot be dropped."""


class DemoError(LocalError):
    """No run was started for a drop, or it did not end in time."""


class NotRunningError(LocalError):
    """No workshop is running here."""
