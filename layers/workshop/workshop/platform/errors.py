"""Everything that this package raises on purpose.

    WorkshopError            (contract.errors, as RefusedName and DocumentError are)
    ├── ConfigError          the function's environment is wrong: the operator's
    ├── RefusedName          a dataset or file name outside the grammar: never becomes a path
    ├── DocumentError        another room has written something of another form
    ├── BadRequest           an event or argument that no retry can make readable
    ├── SettingsError        settings.yaml asks for something that does not exist: the artist's
    ├── WebError             what the web app is refused with (workshop.platform.refusals)
    ├── CannotEnd            a run cannot be cancelled or finished as it is now
    ├── MailsUnsent          some readers have not got a mail: to be tried again
    ├── NoticeBusy           somebody else is sending this very notice: come back later
    ├── LedgerDamaged        an item in the table contradicts itself: somebody has edited it
    ├── LedgerBusy           another transaction holds the same items at this moment: come back later
    └── StartError
        ├── StartDelayed     SageMaker is busy or a quota is used up: try again later
        └── StartRefused     SageMaker says no and will say no again: the operator's

Anything else that escapes (botocore's errors, bugs) is left to the queue's retries and its dead-letter queue.
"""


# ruff: noqa: N818  (BadRequest says more than BadRequestError)

from enum import StrEnum

from contract.errors import WorkshopError


class ConfigError(WorkshopError):
    """An environment variable is missing or out of its bounds."""


class BadRequest(WorkshopError):
    """An event cannot be understood, now or on any retry."""


class SettingsError(WorkshopError):
    """settings.yaml is not usable; `problems` has one sentence per fault, in `language`."""

    def __init__(self, problems: list[str], language: str) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems
        self.language = language


class WhyNot(StrEnum):
    """Why a run cannot be cancelled or finished: SageMaker knows none, it has ended, the workshop has not started it,
    its training has not begun or is over, or has learned nothing so far."""

    UNKNOWN_RUN = "unknown_run"
    ENDED = "ended"
    NOT_OURS = "not_ours"
    NOT_TRAINING_YET = "not_training_yet"
    TRAINING_OVER = "training_over"
    NOTHING_LEARNED = "nothing_learned"


class CannotEnd(WorkshopError):
    """A run cannot be ended in the way that was asked for. The message is an operator's; artists are told by `why`."""

    def __init__(self, why: WhyNot, message: str) -> None:
        super().__init__(message)
        self.why = why


class NoticeBusy(WorkshopError):
    """Another invocation holds the lease on this notice."""


class MailsUnsent(WorkshopError):
    """A notice was not mailed to all of its readers."""


class LedgerDamaged(WorkshopError):
    """An item in the table lacks what its own phase promises."""


class LedgerBusy(WorkshopError):
    """A transaction was cancelled because another one was at work on the same items."""


class StartError(WorkshopError):
    """SageMaker did not start the run with this request. `is_first_answer`: nor with an earlier try of the same
    request, since there was none whose answer got lost."""

    def __init__(self, message: str, *, is_first_answer: bool = True) -> None:
        super().__init__(message)
        self.is_first_answer = is_first_answer


class StartDelayed(StartError):
    """Throttled or over a quota: the same request may succeed later."""


class StartRefused(StartError):
    """The request itself is refused (no such pipeline, no right, a bad parameter)."""
