"""openapi.json, read: which operations there are, what right each needs, and whether a body is of its form."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import fastjsonschema  # pure Python, as all of the layer; its checks are compiled to code

from workshop.platform.refusals import Unusable


@dataclass(frozen=True)
class Operation:
    """One method of one path. `right` is a workshop.admission.Right, `see` (any of these), `any` (of any session),
    `all` (for all datasets) or None (it is for everybody). `status` is that of its answer."""

    id: str
    method: str
    path: str
    right: str | None
    status: int
    parameters: Mapping[str, Mapping[str, Any]]  # name -> schema
    body: Mapping[str, Any] | None

    def check(self, values: Mapping[str, str], body: Any) -> None:
        """Raises Unusable with what is wrong with a parameter or the body."""
        for name, value in values.items():
            if name in self.parameters:
                _check(json.dumps(self.parameters[name]), value, name)
        if self.body is not None:
            _check(json.dumps(self.body), body, "body")


@cache
def document() -> dict[str, Any]:
    return dict(json.loads(resources.files("workshop.web").joinpath("openapi.json").read_text(encoding="utf-8")))


@cache
def operations() -> tuple[Operation, ...]:
    """All there are, in the document's order."""
    return tuple(_operations())


def _operations() -> Iterator[Operation]:
    for path, methods in document()["paths"].items():
        for method, spec in methods.items():
            body = spec.get("requestBody")
            yield Operation(
                id=spec["operationId"],
                method=method.upper(),
                path=path,
                right=spec.get("x-right"),
                status=int(next(iter(spec["responses"]))),
                parameters={one["name"]: one["schema"] for one in spec.get("parameters", [])},
                body=None if body is None else body["content"]["application/json"]["schema"],
            )


def _check(schema: str, value: Any, name: str) -> None:
    try:
        _validator(schema)(value)
    except fastjsonschema.JsonSchemaValueException as error:
        raise Unusable("bad_request", problems=[f"{name}: {error.message}"[:300]]) from error


@cache
def _validator(schema: str) -> Callable[[Any], Any]:
    """Of a schema as text, so that equal ones are compiled once."""
    whole = {"components": document()["components"]} | json.loads(schema)
    check: Callable[[Any], Any] = fastjsonschema.compile(whole, use_default=False)
    return check
