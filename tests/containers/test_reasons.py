"""The model's codes for what is wrong with a file, and the contract's, are the same; so is what both say in English."""

from __future__ import annotations

import pytest

from containers.reasons import reason_of, refusal_of
from contract.reasons import ReasonCode, sentences
from stylegan2.data.refusals import SENTENCES, RefusalCode, refusal

# Of files in the bucket (containers.fetching), of files that are still elsewhere, and of other releases.
NOT_THE_MODELS = {
    ReasonCode.GONE,
    ReasonCode.ARCHIVED,
    ReasonCode.ENCRYPTED,
    ReasonCode.FORBIDDEN,
    ReasonCode.NAME_UNUSABLE,
    ReasonCode.ALREADY_THERE,
    ReasonCode.TOLD,
    ReasonCode.UNKNOWN,
}


def test_the_codes_of_both_are_the_same() -> None:
    assert set(map(str, RefusalCode)) == set(map(str, ReasonCode)) - set(map(str, NOT_THE_MODELS))


def test_both_say_the_same_in_english() -> None:
    assert {str(code): text for code, text in SENTENCES.items()} == {
        code: text for code, text in sentences("en").items() if code not in NOT_THE_MODELS
    }


@pytest.mark.parametrize("code", RefusalCode)
def test_each_refusal_of_the_models_is_a_reason(code: RefusalCode) -> None:
    names = {"width", "height", "side", "least_width", "least_height", "megabytes", "megapixels", "seconds", "size"}
    every: dict[str, str | int] = dict.fromkeys(names | {"packed"}, 7) | {"other": "a.png", "why": "no"}
    refused = refusal(code, **{name: value for name, value in every.items() if f"{{{name}}}" in SENTENCES[code]})
    assert reason_of(refused).sentence("en") == str(refused)


def test_a_reason_of_ours_comes_through_the_model_unchanged() -> None:
    assert reason_of(refusal_of(ReasonCode.TOO_LARGE, megabytes=300)).arguments == {"megabytes": 300}
    assert str(refusal_of(ReasonCode.GONE)) == sentences("en")["gone"]
