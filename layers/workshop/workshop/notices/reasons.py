"""Why a job failed, as far as its reason tells: causes that are met often.

A reason is a sentence of SageMaker's or of a program in the job, and names things that others have named: datasets,
files. So nothing is searched for in all of it. It is taken apart as it was put together:

    ClientError: AlgorithmError: <what the program has said>, exit code: 137
    ClientError: Failed to invoke sagemaker:CreateTrainingJob. Error Details: <what the API has said>
    ClientError: Data download failed:NoSuchKey (404): The specified key does not exist. [s3://bucket/key]
    CapacityError: Unable to provision requested ML compute capacity. ...

and then only the words before the first name are looked at: whatever a file is called, it comes after them. (No part
of a dataset's name can be taken for one of the phrases: each has a space or a capital letter.)
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from contract import layout
from contract.jobs import FailureCode


class Cause(StrEnum):
    """What was the matter; UNKNOWN if the reason does not tell it to us."""

    QUOTA = "quota"
    CAPACITY = "capacity"
    TIME = "time"
    MEMORY = "memory"
    KILLED = "killed"
    DISK = "disk"
    PERMISSION = "permission"
    CREDENTIALS = "credentials"
    DIVERGED = "diverged"  # the training's numbers have become useless
    PEERS = "peers"  # machines or GPUs of one training have lost each other
    IMAGE = "image"  # the container's
    BASE = "base"  # the base network is missing
    CODE = "code"  # the inference code is missing
    GONE = "gone"  # a file is not there any more
    ARCHIVED = "archived"  # a file is in a storage class that cannot be read at once
    CLASH = "clash"  # a file has the name of a folder of others
    DOWNLOAD = "download"  # a file cannot be read for another reason
    INTERNAL = "internal"  # SageMaker's own trouble
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Finding:
    """A cause, and the key of the object that it is about; "" if it is about none, or none is named."""

    cause: Cause
    key: str = ""


# What is put before a reason by the services that it has gone through, and by our own jobs (containers.job).
_OWN = "|".join(FailureCode)
_CLASS = re.compile(rf"(?P<name>[A-Z]\w*(?:Error|Exception|Exceeded)|{_OWN}): ")
_AROUND = re.compile(rf"^(?:(?:ClientError|AlgorithmError|{_OWN}): )+(?=\S)")
_EXIT_CODE = re.compile(r", exit code: (?P<code>[0-9]{1,3})$")
_API = re.compile(r"^Failed to invoke \w+:\w+\. Error Details: ")
# Where the first name of somebody else's can begin: at a quotation, a bracket, a URI, a path, or with the clause that
# has a picture's name in it. Names of AWS's own and numbers of errors are none.
_NO_NAME = re.compile(r"\barn:\S+|\bpipelines-\S+|\[Errno [0-9]+\] ")
_NAME = re.compile(
    r"""(?<!\w)['"`\u2018\u201c\u201e\u00ab]|\[|\bs3://|(?<!\S)/"""
    # Not numbers, names of signals, and the code in what boto3 says.
    r"|(?<!\w)\((?!(?:pid )?[0-9]+(?: s)?\)|[A-Z]{3,8}\)|\w+\) when calling )"
    r"|(?<![^:])[^:]{0,300}\.(?i:png|jpe?g|jfif|heic|heif|webp|bmp|tiff?|gif)\b"
)
_BRACKETED = re.compile(r"\[(?P<uri>s3://.*)\]$", re.DOTALL)
_URI = re.compile(r"\bs3://[^/\s]+/(?P<key>.*)", re.DOTALL)

_BY_CLASS = {
    "ResourceLimitExceeded": Cause.QUOTA,
    "ResourceLimitExceededException": Cause.QUOTA,
    "CapacityError": Cause.CAPACITY,
    FailureCode.DISK_FULL: Cause.DISK,
    FailureCode.OUT_OF_MEMORY: Cause.MEMORY,
    "OutOfMemoryError": Cause.MEMORY,
    "MemoryError": Cause.MEMORY,
    FailureCode.PEER_LOST: Cause.PEERS,
    FailureCode.DIVERGED: Cause.DIVERGED,
    "DistBackendError": Cause.PEERS,
    FailureCode.ACCESS_DENIED: Cause.PERMISSION,
    "AccessDeniedException": Cause.PERMISSION,
    FailureCode.EXPIRED_TOKEN: Cause.CREDENTIALS,
}
# In the words before the first name; the first that matches wins.
_PHRASES = (
    (Cause.QUOTA, r"ResourceLimitExceeded|account-level service limit|service quota"),
    (Cause.CAPACITY, r"Unable to provision|[Ii]nsufficient (?:\S+ )?capacity|InsufficientInstanceCapacity"),
    (Cause.TIME, r"\b[Mm]ax(?:imum)?(?: allowed)? ?(?:[Rr]un ?time|[Ww]ait ?time)(?!In)"),
    (Cause.DISK, r"No space left on device|[Ii]nsufficient disk space|[Dd]isk (?:is )?full|Disk quota exceeded"),
    (Cause.MEMORY, r"[Oo]ut of memory|OutOfMemory|[Mm]emory limit|more memory|Cannot allocate memory"),
    (Cause.PEERS, r"\bNCCL\b|\bnccl[A-Z]|DistBackendError"),
    (Cause.CREDENTIALS, r"[Cc]redentials? .{0,30}\bexpired|[Tt]oken .{0,60}\bexpired|ExpiredToken|RequestExpired"),
    (Cause.PERMISSION, r"Access ?[Dd]enied|[Nn]ot authorized"),
    (Cause.IMAGE, r"Cannot find repository|Requested image|Cannot ?[Pp]ull"),
    (Cause.KILLED, r"\bSIGKILL\b|\bSIGTERM\b|\bsignal (?:9|15)\b|killed by signal"),
    (Cause.GONE, r"\(NoSuchKey\) when calling"),
    (Cause.INTERNAL, r"\binternal error\b|InternalServerError|InternalFailure|InternalError"),
)
# Said of a job whose program was never started, so that it has written no log.
_NOT_STARTED = re.compile(
    r"Failed to invoke \w+:\w+\.|Data download failed:|Could not find model data at|No S3 objects found"
)
_DOWNLOADS = (
    (Cause.GONE, r"Data download failed: ?NoSuchKey\b"),
    (Cause.ARCHIVED, r"Data download failed: ?InvalidObjectState\b"),
    (Cause.DOWNLOAD, r"Data download failed:"),
)
_KILLED_CODES = {137, 143}  # 128 and the number of SIGKILL, SIGTERM
# What our own training says of a channel, as it begins (containers.train).
_NO_BASE = re.compile(r"the channel 'base' holds no |the training job has no channel 'base'")
_MISSING = re.compile(
    r"^(?:Data download failed: ?)?(?:Could not find model data at|No S3 objects found under S3 URL) *$"
)
# How the sentences go on that begin with "the object s3://..." and "Cannot download s3://...".
_CLASHES = re.compile(
    r" has the name of a folder of other objects$"
    r"|, a previously downloaded file/folder clashes with it\.(?: Please check your s3 objects\b.*)?$",
    re.DOTALL,
)


def bare(reason: str) -> str:
    """A reason without what the services that it has gone through, and our own jobs, have put before it."""
    return _AROUND.sub("", reason)


def may_have_log(reason: str) -> bool:
    """Whether the job's program can have been started before the job failed for this reason of SageMaker's."""
    _, said = _split(reason)
    return find_cause(reason).cause not in (Cause.QUOTA, Cause.CAPACITY, Cause.IMAGE) and not _NOT_STARTED.match(said)


def find_cause(reason: str, *, is_own: bool = False) -> Finding:
    """The cause of a failure by its reason. `is_own`: the whole reason is what a program of ours has said, without
    anything around it."""
    classes, said = _split(reason)
    ended = None
    if "AlgorithmError" in classes and not is_own:
        ended = _EXIT_CODE.search(said)
        said = said[: ended.start()] if ended else said
    said = _API.sub("", said, count=1)
    masked = _NO_NAME.sub(lambda known: " " * len(known[0]), said)
    first = _NAME.search(masked)
    lead, rest = (masked[: first.start()], said[first.start() :]) if first else (masked, "")
    for name in classes:
        if name in _BY_CLASS:
            return Finding(_BY_CLASS[name])
    if _NO_BASE.match(said):
        return Finding(Cause.BASE)
    for cause, pattern in _PHRASES:
        if re.search(pattern, lead):
            return Finding(cause)
    if ended and int(ended["code"]) in _KILLED_CODES:
        return Finding(Cause.KILLED)
    if "InternalServerError" in classes:
        return Finding(Cause.INTERNAL)
    return Finding(Cause.UNKNOWN) if is_own or "AlgorithmError" in classes else _find_missing(lead, rest)


def _find_missing(lead: str, rest: str) -> Finding:
    """What SageMaker could not give to the job, if that was it: `lead` are the words before the first name."""
    if _MISSING.search(lead):
        return _missing(rest)
    cause = next((cause for cause, pattern in _DOWNLOADS if re.match(pattern, lead)), Cause.UNKNOWN)
    if cause is Cause.DOWNLOAD and (clash := _CLASHES.search(rest)):
        return Finding(Cause.CLASH, _key_of(rest[: clash.start()]))
    named = _BRACKETED.search(rest)
    return Finding(cause, _key_of(named["uri"]) if named else "")


def _split(reason: str) -> tuple[list[str], str]:
    """The classes before a reason, and the rest."""
    classes: list[str] = []
    at = 0
    while found := _CLASS.match(reason, at):
        classes.append(found["name"])
        at = found.end()
    return classes, reason[at:].strip()


def _missing(text: str) -> Finding:
    """What a job should have read is not there, by the folder of the bucket that the URI names."""
    key = f"{_key_of(text)}/"
    if key.startswith(layout.BASE):
        return Finding(Cause.BASE)
    return Finding(Cause.CODE if key.startswith(layout.CODE) else Cause.GONE)


def _key_of(text: str) -> str:
    """The key in the first URI of a text, which ends where the text does; "" if there is none."""
    found = _URI.search(text)
    return found["key"] if found else ""
