"""What a dataset's people are told where no run starts, each thing once."""

from contract.capacity.volumes import Shortage
from contract.names import parse_execution
from workshop.config import StartRunConfig
from workshop.dataset.room import LackOfRoom, LongList
from workshop.ledger import DatasetState
from workshop.ledger.runs import attention_key, run_notice_key
from workshop.notices import Notices, content
from workshop.notices.leftovers import Leftovers
from workshop.notices.links import with_actions
from workshop.platform import clock
from workshop.platform.telemetry import count
from workshop.reconcile.facts import newest_change_ms
from workshop.reconcile.plans import Attention
from workshop.words import Words, words


class AttentionNotices:
    """Tells what keeps a run from starting, or from ending."""

    def __init__(self, config: StartRunConfig, notices: Notices) -> None:
        self._config = config
        self._notices = notices

    def tell_stuck(self, state: DatasetState, run_seconds: float) -> None:
        """The run is longer than all its jobs may take together."""
        count("RunsOverdue")
        arn = state.execution_arn or ""
        say = words(state.held_claim.language)
        execution = parse_execution(arn)
        notice = content.stuck(say, state.dataset, execution, run_seconds)
        notice = with_actions(self._notices.links, notice, execution)
        if self._notices.publish_once(run_notice_key(arn, "stuck"), notice):
            count("RunsStuck")

    def tell_faults(self, plan: Attention) -> list[str]:
        """What keeps the run from starting, in sentences. They are told again when the folder comes back to these
        faults after a run, or on another day."""
        facts, listing = plan.facts, plan.facts.listing
        say = words(facts.choice.language)
        faults = list(facts.faults)
        if plan.images_needed:
            faults.append(say.count(say.pictures_needed, plan.images_needed))
        left = Leftovers.of(listing, facts.targets)
        next_steps = []
        if plan.lack_of_room is not None:
            faults.append(lack_in_words(say, plan.lack_of_room))
            next_steps.append(say.make_room)
        if len(listing.images) < facts.min_images:
            next_steps.append(say.add_pictures)
        if listing.settings is not None and len(faults) > len(next_steps):
            next_steps.append(say.correct_settings)
        problems = [*faults, *(problem for problem in left.problems(say) if problem not in faults)]
        notice = content.attention(
            say,
            listing.dataset,
            self._config.bucket,
            problems,
            len(listing.images),
            listing.left_out,
            [*next_steps, *left.next_steps(say)],
        )
        notice = with_actions(self._notices.links, notice)
        last_run = (facts.state.last_execution_arn or "").rpartition("/")[2]
        since = f"{clock.day_of(newest_change_ms(facts.state, listing, facts.targets))}#{last_run}"
        self._notices.publish_once(attention_key(listing.dataset, left.digest(facts.fingerprint), since), notice)
        return faults


def lack_in_words(say: Words, lack: LackOfRoom) -> str:
    """The sentence on what is too small."""
    match lack:
        case Shortage(machine, needed, most):
            return say.disk_too_small.format(machine=machine, needed=say.number(needed), most=say.number(most))
        case LongList(needed, most):
            return say.list_too_long.format(needed=say.number(needed >> 20), most=say.number(most >> 20))
