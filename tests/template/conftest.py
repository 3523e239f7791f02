import json
from pathlib import Path
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from local_aws.package import translate

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    """template.yaml as it is written."""
    return yaml_parse((ROOT / "template.yaml").read_text())


@pytest.fixture(scope="session")
def translated(template: dict[str, Any]) -> dict[str, Any]:
    """What CloudFormation makes of template.yaml."""
    packaged = [name for name, r in template["Resources"].items() if r["Type"].startswith("AWS::Serverless::")]
    return json.loads(translate(ROOT, {name: f"s3://artifacts/{name}.zip" for name in packaged}, "eu-central-1"))


@pytest.fixture(scope="session")
def resources(translated: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return translated["Resources"]
