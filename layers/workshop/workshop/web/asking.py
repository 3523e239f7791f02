"""Asking start_run, which knows the presets, caps and prices, and decides and refuses as always."""

import json
from typing import Any

from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError

from contract.errors import RefusedName
from contract.names import parse_execution
from workshop.platform.clients import Lambda, error_code
from workshop.platform.errors import BadRequest, StartRefused
from workshop.platform.refusals import NotNow, Unusable
from workshop.web.sentences import sentence

# Outcomes of reconcile (workshop.reconcile.looks) that are told alike.
_TOLD_AS = {"kept": "queued", "ended": "waiting", "released": "waiting", "stale": "waiting"}
# The function is being deployed, or has no execution left.
_BUSY = frozenset({"ResourceNotFoundException", "ResourceConflictException", "TooManyRequestsException"})


class StartRun:
    """The function start_run, asked by somebody who waits for the answer."""

    def __init__(self, lambda_: Lambda, function: str) -> None:
        self._lambda = lambda_
        self._function = function

    def ask(self, wish: dict[str, Any], language: str) -> dict[str, Any]:
        """Ask for a run: a StartAnswer. `wish` is what start_run takes of a person. Raises Unusable with what is wrong
        with it, and NotNow.

        A look at very many new images takes longer than anybody waits: it goes on all the same.
        """
        try:
            answer = self._invoke(wish)
        except ReadTimeoutError:
            return _told("waiting", None, language)
        return _told(str(answer["outcome"]), answer.get("execution_arn"), language)

    def consult(self, question: dict[str, Any]) -> dict[str, Any]:
        """Ask what changes nothing. Raises as `ask` does."""
        try:
            return self._invoke(question)
        except ReadTimeoutError as error:
            raise NotNow("busy") from error

    def _invoke(self, wish: dict[str, Any]) -> dict[str, Any]:
        try:
            response = self._lambda.invoke(
                FunctionName=self._function,
                InvocationType="RequestResponse",
                Payload=json.dumps({"source": "manual", **wish}).encode(),
            )
        except (ConnectTimeoutError, EndpointConnectionError) as error:
            raise NotNow("busy") from error
        except ClientError as error:
            if error_code(error) in _BUSY:
                raise NotNow("busy") from error
            raise
        answer: dict[str, Any] = json.loads(response["Payload"].read())
        if "FunctionError" in response:
            raise _refusal(answer)
        return answer


def _told(outcome: str, arn: str | None, language: str) -> dict[str, Any]:
    say = sentence(f"start_{_TOLD_AS.get(outcome, outcome)}", language)
    return {"outcome": outcome, "say": say, "run": None if arn is None else parse_execution(arn).id}


def _refusal(answer: dict[str, Any]) -> Exception:
    """What is wrong with a wish is for whoever has it. What SageMaker says is for operators, who are told anyway, and
    anything else is a failure of the workshop."""
    kind, said = str(answer.get("errorType")), str(answer.get("errorMessage"))
    if kind in {BadRequest.__name__, RefusedName.__name__}:
        return Unusable("cannot_start", problems=[said[:1000]])
    if kind == StartRefused.__name__:
        return NotNow("cannot_start")
    return RuntimeError(f"start_run has failed: {kind}: {said}")
