"""The words with which a job says what kind of failure it was, before the sentence that says it to a person.

The mail's advice goes by them (workshop.notices.reasons), since sentences name files, which may be called anything.
"""

from enum import StrEnum


class FailureCode(StrEnum):
    """Stands at the beginning of a job's failure or exit message, with a colon."""

    DISK_FULL = "DiskFull"
    OUT_OF_MEMORY = "OutOfMemory"
    PEER_LOST = "PeerLost"  # machines or GPUs of one training have lost each other
    DIVERGED = "Diverged"  # the training's numbers have become useless
    ACCESS_DENIED = "AccessDenied"
    EXPIRED_TOKEN = "ExpiredToken"  # noqa: S105  a word, not a secret
