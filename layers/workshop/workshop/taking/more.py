"""Further pictures of a model that is there: a run without training, of seeds that nobody has drawn yet, or of two that
are mixed."""

import secrets

from workshop.ledger import Ledger, Runs
from workshop.platform.refusals import NotNow, Unusable
from workshop.watching.runs import found_run
from workshop.web.asking import StartRun
from workshop.web.calls import Call, Reply

# Small enough to be remembered and typed; that two runs draw of the same ones is as good as impossible.
_SEEDS = 10_000_000


class MakingMore:
    """The operation of the address .../more."""

    def __init__(self, ledger: Ledger, runs: Runs, start_run: StartRun) -> None:
        self._ledger = ledger
        self._runs = runs
        self._start_run = start_run

    def make(self, call: Call) -> Reply:
        """start_run uses the dataset's newest model, of which the seeds of an older one are other pictures."""
        run = found_run(self._runs, call)
        parameters = _parameters(call.body["kind"], call.body["of"])
        if self._ledger.read(run.dataset).good_arn != (run.source_arn or run.arn):
            raise NotNow("older_model")
        wish = {"dataset": run.dataset, "inferenceOnly": True, "parameters": parameters}
        return Reply(self._start_run.ask(wish, call.language))


def _parameters(kind: str, seeds: list[int]) -> dict[str, str]:
    """Raises Unusable."""
    match kind, seeds:
        case "pictures", []:
            return {"InferenceMode": "generate", "InferenceSeeds": str(secrets.randbelow(_SEEDS))}
        case "mix", [first, second] if first != second:
            return {"InferenceMode": "mix", "InferenceSeeds": f"{first},{second}"}
    raise Unusable("bad_wish")
