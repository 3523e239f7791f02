"""What can go wrong in a job and is worth one plain sentence to the person who reads the mail.

StepError
|- SettingError    a hyperparameter or an environment variable is missing or out of its range
`- InputError      a file or folder that the job was promised is not there or is not what it should be
   `- ArchiveError   model.tar.gz cannot be unpacked or is not to be trusted
"""


class StepError(Exception):
    """The job cannot do its work, for a reason that can be said in one sentence."""


class SettingError(StepError):
    """A hyperparameter or an environment variable is missing or out of its range."""


class InputError(StepError):
    """A file or folder that the job was promised is not there or is not what it should be."""


class ArchiveError(InputError):
    """A model archive cannot be unpacked or is not to be trusted."""
