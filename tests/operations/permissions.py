"""operations/iam-policy.json and the runbook's table of who needs which of its statements, read for tests."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
POLICY: dict[str, Any] = json.loads((ROOT / "operations/iam-policy.json").read_text())
STATEMENTS: dict[str, dict[str, Any]] = {statement["Sid"]: statement for statement in POLICY["Statement"]}

# What the action of an operation is called where it has another name.
_NAMES = {
    ("s3", "ListObjectVersions"): {"s3:ListBucketVersions"},
    ("s3", "DeleteObjects"): {"s3:DeleteObject", "s3:DeleteObjectVersion"},
    ("s3", "DeleteObject"): {"s3:DeleteObject", "s3:DeleteObjectVersion"},
    ("lambda", "Invoke"): {"lambda:InvokeFunction"},
}


def sids() -> dict[str, set[str]]:
    """Command -> the statements that the runbook says it needs."""
    text = (ROOT / "docs/runbook.md").read_text()
    table = text.split("### An operator's permissions", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| (`[^|]+`) \| ([^|]+) \|$", table, re.MULTILINE)
    return {
        command: set(re.findall(r"`(\w+)`", statements))
        for commands, statements in rows
        for command in re.findall(r"`([a-z-]+)`", commands)
    }


def actions(statement: Mapping[str, Any]) -> set[str]:
    action = statement["Action"]
    return {action} if isinstance(action, str) else set(action)


def allowed(command: str) -> set[str]:
    """The actions that a command may call."""
    return set().union(*(actions(STATEMENTS[sid]) for sid in sids()[command]))


def actions_of(service: str, operation: str) -> set[str]:
    """The IAM actions that an API operation needs."""
    return _NAMES.get((service, operation), {f"{service}:{operation}"})


def check_permissions(used: Mapping[str, set[tuple[str, str]]]) -> None:
    """Fail if a command has called what the policy does not give it."""
    for command, operations in used.items():
        needed = set().union(*(actions_of(*operation) for operation in operations))
        assert needed <= allowed(command), f"{command} also needs {sorted(needed - allowed(command))}"
