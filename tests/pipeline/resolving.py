"""Evaluates a pipeline definition's expressions with example values, as the service does before it calls CreateXJob."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

EXECUTION = {
    "PipelineExecutionId": "abcdefghijkl",
    "PipelineExecutionArn": "arn:aws:sagemaker:eu-central-1:123456789012:pipeline/workshop/execution/abcdefghijkl",
}
GIVEN = {
    "Dataset": "ceramics",
    "Fingerprint": "0123456789abcdef" * 4,
    "ProcessInput": "s3://bucket/manifests/ceramics/0123456789abcdef.json",
    "ProcessImage": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/workshop-prepare:1",
    "TrainImage": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/workshop-train:1",
    "TrainCheckpointPath": "s3://bucket/checkpoints/ceramics/0123456789abcdef-0/",
    "TrainOutputPath": "s3://bucket/runs/ceramics",
    "WarmStartModel": "s3://bucket/base/none/",
    "InferenceImage": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/workshop-infer:1",
    "InferenceCodePath": "s3://bucket/code/0123456789abcdef/",
    "InferenceImagePath": "s3://bucket/manifests/ceramics/0123456789abcdef.targets.json",
}

_OUTPUT = re.compile(r"Steps\.(?P<step>\w+)\.ProcessingOutputConfig\.Outputs\['(?P<output>[\w-]+)'\]\.S3Output\.S3Uri")
_MODEL = re.compile(r"Steps\.(?P<step>\w+)\.ModelArtifacts\.S3ModelArtifacts")


def steps(definition: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Every step by name, those in branches included, in the order in which they can run."""
    return {step["Name"]: step for step in _walk(definition["Steps"])}


def gets(node: object) -> Iterator[str]:
    """Every `{"Get": ...}` below `node`."""
    if isinstance(node, dict):
        if isinstance(node.get("Get"), str):
            yield node["Get"]
        for value in node.values():
            yield from gets(value)
    elif isinstance(node, list):
        for value in node:
            yield from gets(value)


class Resolver:
    """Evaluates expressions with the defaults of a definition, `GIVEN` and `EXECUTION`."""

    def __init__(self, definition: dict[str, Any]) -> None:
        defaults = {p["Name"]: p["DefaultValue"] for p in definition["Parameters"] if "DefaultValue" in p}
        self.parameters = {**defaults, **GIVEN}
        self.steps = steps(definition)

    def __call__(self, node: Any) -> Any:
        match node:
            case {"Get": str() as path}:
                return self._get(path)
            case {"Std:Join": {"On": str() as glue, "Values": list() as values}}:
                return glue.join(str(self(value)) for value in values)
            case dict():
                return {key: self(value) for key, value in node.items()}
            case list():
                return [self(value) for value in node]
            case _:
                return node

    def _get(self, path: str) -> Any:
        kind, _, name = path.partition(".")
        if kind == "Parameters":
            return self.parameters[name]
        if kind == "Execution":
            return EXECUTION[name]
        if found := _OUTPUT.fullmatch(path):
            outputs = self.steps[found["step"]]["Arguments"]["ProcessingOutputConfig"]["Outputs"]
            (output,) = [output for output in outputs if output["OutputName"] == found["output"]]
            return self(output["S3Output"]["S3Uri"])
        if found := _MODEL.fullmatch(path):
            folder = self(self.steps[found["step"]]["Arguments"]["OutputDataConfig"]["S3OutputPath"])
            return f"{folder}/pipelines-abcdefghijkl-Train-0123456789/output/model.tar.gz"
        raise KeyError(path)


def _walk(found: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for step in found:
        yield step
        if step["Type"] == "Condition":
            yield from _walk(step["Arguments"]["IfSteps"])
            yield from _walk(step["Arguments"]["ElseSteps"])
