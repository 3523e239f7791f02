"""Which run an execution is, as PipelineExecutionDescription tells, which the status events carry."""

import json
from dataclasses import asdict, dataclass

from contract.errors import RefusedName
from contract.names import check_dataset, check_fingerprint

# Of an execution that a person has started past the ledger: no claim has this number, so no run is taken for it.
NO_ATTEMPT = 0


@dataclass(frozen=True)
class RunIdentity:
    """A dataset's snapshot, and the number of the claim that the run was started under."""

    dataset: str
    fingerprint: str
    attempt: int

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    def description(self, bucket: str) -> str:
        """PipelineExecutionDescription: the run, and the deployment that has started it."""
        return json.dumps(asdict(self) | {"bucket": bucket})

    @classmethod
    def from_json(cls, text: object) -> "RunIdentity | None":
        """None for an execution that this application did not start."""
        try:
            fields = json.loads(text) if isinstance(text, str) else None
            attempt = fields["attempt"] if isinstance(fields, dict) else None
            if not isinstance(fields, dict) or type(attempt) is not int or attempt <= NO_ATTEMPT:
                return None
            return cls(check_dataset(fields["dataset"]), check_fingerprint(fields["fingerprint"]), attempt)
        except (ValueError, KeyError, RefusedName, RecursionError):
            return None
