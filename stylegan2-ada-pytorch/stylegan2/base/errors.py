"""Exceptions of the model package.

ModelError                  everything this package raises on purpose
├── OptionError             an option has a value that cannot be used; the message names the option
├── DatasetError            the data set cannot be used; the message names the file and says what to do
├── NetworkFileError        a network folder or file is missing, damaged or of another format
├── CheckpointError         a training checkpoint cannot be written or does not belong to this training
├── OutputError             the results cannot be written: the disk is full, or writing is not allowed
├── PeerLostError           another process of the same training is gone or does not answer
└── DivergedError           the losses or weights are no longer finite numbers
"""


class ModelError(Exception):
    """Base of every error that this package raises on purpose."""


class OptionError(ModelError, ValueError):
    """An option has a value that cannot be used; the message begins with the option's name."""


class DatasetError(ModelError):
    """The data set cannot be used; the message names the offending file."""


class NetworkFileError(ModelError):
    """A network file is missing, damaged, or not in a format that can be read."""


class CheckpointError(ModelError):
    """A checkpoint cannot be written, or does not belong to the training that asks for it."""


class OutputError(ModelError):
    """The results of a training cannot be written."""


class PeerLostError(ModelError):
    """Another process of the same training is gone, hangs, or never came."""


class DivergedError(ModelError):
    """Losses or weights became infinite or not-a-number; going on would destroy the network."""
