"""The template as the house rules see it: as it is written, and as CloudFormation gets it."""

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from local_aws.package import translate_template

ROOT = Path(__file__).resolve().parents[2]

Properties = dict[str, Any]
Statement = dict[str, Any]


@dataclass
class Stack:
    """`source` is template.yaml; `translated` is what aws-sam-translator makes of it."""

    source: dict[str, Any]
    translated: dict[str, Any]

    def copy(self) -> "Stack":
        return Stack(copy.deepcopy(self.source), copy.deepcopy(self.translated))

    @property
    def resources(self) -> dict[str, Any]:
        return self.translated["Resources"]

    def properties(self, logical_id: str) -> Properties:
        return self.resources[logical_id]["Properties"]

    def of_type(self, *kinds: str) -> dict[str, Properties]:
        """Logical id -> properties. A type that the template has none of is a mistake in the rule that asks."""
        found = {name: r["Properties"] for name, r in self.resources.items() if r["Type"] in kinds}
        assert found, f"no {' or '.join(kinds)} in the template"
        return found

    def default(self, value: Any) -> Any:
        """`value`, or the default of the parameter that it refers to."""
        parameters = self.translated["Parameters"]
        return parameters[value["Ref"]]["Default"] if isinstance(value, dict) and "Ref" in value else value

    def largest(self, value: Any) -> Any:
        """`value`, or the largest value that the parameter it refers to may have."""
        parameters = self.translated["Parameters"]
        return parameters[value["Ref"]]["MaxValue"] if isinstance(value, dict) and "Ref" in value else value

    def statements(self) -> Iterator[tuple[str, Statement]]:
        """Every statement of what a role may do, with the logical id of the role or policy."""
        for name, role in self.of_type("AWS::IAM::Role").items():
            for policy in branches(role.get("Policies", [])):
                yield from ((name, statement) for statement in policy["PolicyDocument"]["Statement"])
        for name, policy in self.of_type("AWS::IAM::Policy").items():
            yield from ((name, statement) for statement in policy["PolicyDocument"]["Statement"])

    def resource_statements(self) -> Iterator[tuple[str, Statement]]:
        """Every statement of who may use a resource or a role."""
        for name, resource in self.resources.items():
            for key in ("PolicyDocument", "AssumeRolePolicyDocument", "KeyPolicy"):
                for statement in resource["Properties"].get(key, {}).get("Statement", []):
                    if "Principal" in statement:
                        yield name, statement

    def role_of(self, function: str) -> str:
        return target(self.properties(function)["Role"])


def load() -> Stack:
    source = yaml_parse((ROOT / "template.yaml").read_text())
    packaged = [name for name, r in source["Resources"].items() if r["Type"].startswith("AWS::Serverless::")]
    translated = translate_template(ROOT, {name: f"s3://artifacts/{name}.zip" for name in packaged}, "eu-central-1")
    return Stack(source, json.loads(translated))


def branches(values: list[Any]) -> Iterator[Any]:
    """The members of a list, and of a conditional one the branch that is there."""
    for value in values:
        if "Fn::If" in value:
            yield from (branch for branch in value["Fn::If"][1:] if branch != {"Ref": "AWS::NoValue"})
        else:
            yield value


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def target(value: Any) -> str:
    """The logical id that a Ref or GetAtt points at."""
    return value["Ref"] if "Ref" in value else value["Fn::GetAtt"][0]


def text(value: Any) -> str:
    """A string with its references spelled `<logical id>`, so that both ways of writing one compare equal."""
    if isinstance(value, str):
        return value
    if "Fn::Sub" in value:
        return re.sub(r"\$\{([^}]+)\}", r"<\1>", as_list(value["Fn::Sub"])[0])
    return f"<{value['Ref']}>" if "Ref" in value else f"<{'.'.join(value['Fn::GetAtt'])}>"
