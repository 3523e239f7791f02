"""The table of the orchestration: what is to be done about a dataset, given what is known of it."""

from dataclasses import replace

from workshop.ledger.state import Phase
from workshop.reconcile.facts import ContentFacts, Facts, FolderFacts, Missing, PendingFacts, RunFacts, StateFacts
from workshop.reconcile.looks import Outcome, Request, Result
from workshop.reconcile.plans import (
    Action,
    AskSageMaker,
    Attention,
    Conclude,
    EndRun,
    LeaveRun,
    LookAtContents,
    LookAtFolders,
    Nothing,
    Plan,
    Start,
    TakeOver,
    TellStuck,
    Wait,
)

# A run older than this is asked about whenever somebody looks at its dataset: its end may have gone unheard.
ASK_AFTER_SECONDS = 900
# A look has run out of time, or its listing out of date: the next one goes on.
NOW = 1
# After losing a race: soon enough to miss nothing, late enough for the other one to be done.
LOOK_AGAIN_SECONDS = 5


def decide(facts: Facts, request: Request) -> Plan:
    """The one thing to do next. The first row that fits decides; where facts are still missing, it says which."""
    match facts:
        # In the ledger: a claim is under way, or a run is active, whose end calls again.
        case StateFacts(phase=Phase.STARTING):
            return TakeOver()
        case StateFacts(phase=Phase.RUNNING) if facts.run_seconds < ASK_AFTER_SECONDS:
            return LeaveRun()
        case StateFacts(phase=Phase.RUNNING):
            return AskSageMaker()
        case StateFacts():
            return LookAtFolders()

        # At SageMaker: the run is over, too long, or still at work.
        case RunFacts(is_over=True):
            return EndRun(facts.status, facts.changed_at)
        case RunFacts(is_overdue=True):
            return TellStuck(facts.run_seconds)
        case RunFacts():
            return LeaveRun()

        # In the folders: nothing, or something that may still be changing. (`_READY` says that it is not.)
        case FolderFacts(is_empty=True):
            return Conclude("the folder is empty")
        case FolderFacts(seconds_to_quiet=seconds) if seconds > 0 and request.patient:
            return Wait(seconds, "uploads are still coming in")
        case FolderFacts():
            return LookAtContents(facts)

        # In the files: they have changed since they were listed, or there are too many to ask about at once.
        case PendingFacts(missing=Missing.CONTENTS):
            return Wait(NOW, "what the pictures hold is still being found out")
        case PendingFacts():
            return Wait(LOOK_AGAIN_SECONDS, "settings.yaml changed meanwhile")

        # New images to learn, or a rerun: a run that trains, which projects the others as well.
        case ContentFacts() if facts.trains(request) and (facts.faults or facts.images_needed(request)):
            return Attention(facts, facts.images_needed(request))
        case ContentFacts() if facts.trains(request) and (lack := facts.lack_of_room(request)) is not None:
            return Attention(facts, lack_of_room=lack)
        case ContentFacts() if facts.trains(request):
            return Start(facts, request.overrides)

        # New images to project alone, or somebody asks for them: the inference part, on the last good run's network.
        case ContentFacts(good_arn=None) if request.inference_only or facts.targets.images:
            return _no_run(facts, request, "no run has succeeded yet, so there is no network to make pictures with")
        case ContentFacts(has_images=False) if request.inference_only:
            return _no_run(facts, request, "there is no picture to project")
        case ContentFacts(has_new_targets=False) if not request.inference_only:
            return _no_run(facts, request, "the last run had exactly these pictures")
        case ContentFacts() if facts.faults:
            return Attention(facts)
        case ContentFacts():
            return Start(facts, request.overrides, facts.good_arn)


def _no_run(facts: ContentFacts, request: Request, why: str) -> Nothing:
    return Nothing(facts, why, is_learning_due=facts.has_to_learn(request))


def answer_request(action: Action, result: Result, request: Request) -> Result:
    """The result for whoever asked. Somebody who wants a run of some kind is told if this one is about another."""
    match action, result.outcome:
        case _ if not request.insists:
            return result
        case TakeOver(), Outcome.STARTED | Outcome.KEPT:
            detail = f"{result.detail}, claimed before"
        case _, Outcome.WAITING | Outcome.QUEUED | Outcome.ACTIVE | Outcome.ENDED:
            detail = result.detail
        case _:
            return result
    return replace(result, detail=f"{detail}; what was asked for was not started, ask for it again later")
