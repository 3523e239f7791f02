"""Why an image was skipped, as the model's code says it, in the codes that all rooms know; and our own for it."""

from __future__ import annotations

from contract.names import FALLBACK_LANGUAGE
from contract.reasons import Argument, Reason, ReasonCode
from stylegan2.data.refusals import Refusal


def reason_of(refusal: Refusal) -> Reason:
    """The same in the contract's code."""
    return Reason(ReasonCode(refusal.code), refusal.arguments)


def refusal_of(code: ReasonCode, **arguments: Argument) -> Refusal:
    """What the model's code hands on of a file that it never gets to see."""
    return Refusal(code, arguments, Reason(code, arguments).sentence(FALLBACK_LANGUAGE))
