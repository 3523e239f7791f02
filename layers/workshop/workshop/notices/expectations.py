"""What is said of a run's duration and cost before it has them, and how that compares with what came."""

from dataclasses import dataclass

from contract.pipeline import PARAMETERS
from contract.run_results import TrainingOutcome
from workshop.estimates import Basis, Estimate
from workshop.estimates.learned import FASTEST, SLOWEST
from workshop.ledger import RunRecord
from workshop.words import Words

_LEAST_KIMG, _MOST_KIMG = PARAMETERS["Kimg"].bounds


@dataclass(frozen=True)
class Course:
    """How a run went, beside what was estimated. Everything may be unknown.

    `estimated` is the estimate of the whole run before it began, `early` the one after the first part of its training,
    both in seconds. Errors are in percent of what came: 10 is an estimate that was a tenth too long. `beside` is how
    long all but the training took, as a multiple of what the table says. `billed_seconds` is the training's bill, all
    machines together.
    """

    seconds: float | None = None
    training: TrainingOutcome | None = None
    billed_seconds: int | None = None
    estimated: float | None = None
    early: float | None = None
    error_percent: int | None = None
    early_error_percent: int | None = None
    beside: float | None = None


def course_of(run: RunRecord | None, training: TrainingOutcome | None, billed_seconds: int | None) -> Course:
    """What is known of a run that has ended well. report.json, which tells of the training, may say anything."""
    seconds = None if run is None else run.seconds
    if run is None or run.estimate is None or training is None or not seconds or not _is_possible(training):
        return Course(seconds, training, billed_seconds)
    early_error = None
    whole = training.seconds / training.kimg * training.wanted_kimg if training.kimg > 0 else 0.0
    if training.estimated_seconds is not None and whole > 0:
        early_error = _percent(training.estimated_seconds, whole)
    rest = seconds - training.seconds
    # Some of the training was another run's, whose checkpoint this one has gone on from.
    is_second = run.estimate.done > 0
    if rest <= 0 and not is_second:
        return Course(seconds, training, billed_seconds, early_error_percent=early_error)
    estimated = None
    if training.is_complete or training.ended == "time_limit":
        estimated = run.estimate.seconds
    early = None
    if training.is_complete and training.estimated_seconds is not None and not is_second:
        early = training.estimated_seconds + rest
    return Course(
        seconds,
        training,
        billed_seconds,
        estimated,
        early,
        None if estimated is None else _percent(estimated, seconds),
        early_error,
        None if is_second or run.estimate.beside <= 0 else rest / (run.estimate.beside / run.estimate.factor),
    )


def duration(say: Words, course: Course) -> str:
    """How long the run took, and what was estimated."""
    if course.seconds is None:
        return say.unknown
    took = say.duration(course.seconds)
    if course.estimated is None:
        return took
    estimated = say.rough_duration(course.estimated)
    if course.early is None:
        return say.took_estimated.format(duration=took, estimated=estimated)
    early = say.rough_duration(course.early)
    return say.took_estimated_twice.format(duration=took, estimated=estimated, early=early)


def early_end(say: Words, run: RunRecord | None, training: TrainingOutcome | None, command: str) -> str:
    """That the training ended before its length was reached, why, what the rest would take, and how it comes; "" if it
    did not, if nobody can say, or if it was for a trouble, which is told with what to do about it. `command` is an
    operator's; "": the reader can do it."""
    if training is None or training.is_complete or training.ended == training.trouble or not _is_possible(training):
        return ""
    why = say.training_ended.get(training.ended, say.training_ended[""])
    sentences = [why.format(kimg=say.kimg(training.kimg), wanted=say.kimg(training.wanted_kimg))]
    if training.seconds_left is not None:
        price = 0.0 if run is None else run.hourly_price * run.machines
        rest = say.rough_duration(training.seconds_left)
        cost = say.rough_dollars(price * training.seconds_left / 3600)
        finishing = say.finishing_takes if price else say.finishing_takes_time
        sentences.append(finishing.format(duration=rest, cost=cost))
    way_on = say.go_on.format(command=command) if command else say.go_on_by_link
    return f"{say.sentences(*sentences)}\n{way_on}"


def expected_duration(say: Words, run: RunRecord) -> str:
    """Of the whole run, and how that is known."""
    seconds = None if run.estimate is None else run.estimate.seconds
    if run.estimate is None or seconds is None:
        return say.expected_unknown
    return say.expected_about.format(duration=say.rough_duration(seconds), basis=_basis(say, run.estimate))


def expected_training(say: Words, run: RunRecord) -> str:
    """The training's share of the duration, and its limit."""
    limit = say.duration(run.max_train_seconds if run.estimate is None else run.estimate.limit)
    seconds = None if run.estimate is None else run.estimate.training_seconds
    if seconds is None:
        return say.expected_training_unknown.format(limit=limit)
    return say.expected_training.format(share=say.rough_duration(seconds), limit=limit)


def expected_cost(say: Words, run: RunRecord) -> str:
    """Of the whole run, as far as prices are known, and what its training costs at most."""
    estimate = run.estimate
    beside = None if estimate is None else estimate.beside_cost
    if run.source_arn is not None:
        return say.cost_unknown if beside is None else say.cost_about_all.format(about=say.rough_dollars(beside))
    if not run.hourly_price:
        return say.cost_unknown
    hourly_price = run.hourly_price * run.machines
    most = say.rough_dollars(hourly_price * run.max_train_seconds / 3600)
    whole = None if estimate is None else estimate.cost(hourly_price)
    if whole is None:
        return say.cost_at_most.format(most=most)
    about, share = say.rough_dollars(whole), say.rough_dollars(whole - (beside or 0))
    phrase = say.cost_about_training if beside is None else say.cost_about
    return phrase.format(about=about, share=share, most=most)


def shortfall(say: Words, run: RunRecord) -> str:
    """That the training cannot reach its whole length within its limit, in one sentence or two; "" if it can, as far as
    anybody knows."""
    if run.estimate is None or run.estimate.training is None or run.source_arn is not None:
        return ""
    if run.estimate.share_done >= 1:
        return ""
    return say.shortfall.format(
        preset=run.preset,
        whole=say.rough_duration(run.estimate.training),
        limit=say.duration(run.estimate.limit),
        percent=max(1, round(run.estimate.share_done * 100)),
    )


def remarks(say: Words, run: RunRecord) -> str:
    """What else is to be known before it begins; "" if nothing is."""
    goes_on = ""
    if run.estimate is not None and run.estimate.done > 0:
        goes_on = say.goes_on_from.format(percent=max(1, round(run.estimate.done * 100)))
    return say.sentences(goes_on, shortfall(say, run))


def expectation(say: Words, run: RunRecord) -> str:
    """All of it in one line, for whoever has asked for the run."""
    line = say.expected_line.format(
        duration=expected_duration(say, run), training=expected_training(say, run), cost=expected_cost(say, run)
    )
    return say.sentences(line, remarks(say, run))


def _basis(say: Words, estimate: Estimate) -> str:
    return {Basis.OWN: say.basis_own, Basis.MEASURED: say.basis_measured, Basis.GUESS: say.basis_guess}[estimate.basis]


def _is_possible(training: TrainingOutcome) -> bool:
    speed = training.sec_per_kimg
    is_speed = speed is None or FASTEST <= speed <= SLOWEST
    is_length = 0 <= training.kimg <= 2 * _MOST_KIMG and _LEAST_KIMG <= training.wanted_kimg <= _MOST_KIMG
    return is_length and is_speed


def _percent(estimated: float, real: float) -> int:
    return round(min(estimated / real - 1, 99.0) * 100)
