"""A deployer has pictures signed with a key in KMS: stack and pipeline are updated as anybody's, and a run follows."""

import io
import zipfile
from pathlib import Path

import pytest

from contract import layout
from local_aws.deploy import STACK
from local_aws.workshop import LocalWorkshop
from pipeline_builder.deploy import deploy_pipeline, stack_details
from tests.certificates import MEDIA, Authority, credentials_of, make_key
from tests.e2e.conftest import ROOT
from tests.e2e.drops import png, upload
from tests.e2e.following import mails_of, wait_for_mails, wait_for_runs, wait_until_over

pytestmark = pytest.mark.e2e

DATASET = "faces"
ORIGINAL = "00-find-me"  # the first image to find, as it lies beside its likeness


def have_pictures_signed(workshop: LocalWorkshop, authority: Authority) -> None:
    """What a deployer does: make a key, have certificates issued for it, deploy stack and pipeline."""
    client = workshop.endpoint.client
    key, cloudformation = make_key(client("kms")), client("cloudformation")
    _, given = stack_details(cloudformation, STACK)
    kept = [{"ParameterKey": name, "UsePreviousValue": True} for name in given if name != "ContentCredentialsKey"]
    cloudformation.update_stack(
        StackName=STACK,
        UsePreviousTemplate=True,
        Parameters=[*kept, {"ParameterKey": "ContentCredentialsKey", "ParameterValue": key}],
        Capabilities=["CAPABILITY_IAM"],
    )
    cloudformation.get_waiter("stack_update_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})
    outputs, _ = stack_details(cloudformation, STACK)
    deploy_pipeline(client, outputs, ROOT, certificates=authority.chain(client("kms"), key))


def test_every_picture_of_a_run_says_who_made_it_and_no_artists_image_does(
    workshop: LocalWorkshop, tmp_path: Path
) -> None:
    authority, s3 = Authority(), workshop.endpoint.client("s3")
    have_pictures_signed(workshop, authority)
    s3.put_object(Bucket=workshop.bucket, Key=f"inference/{DATASET}/find-me.png", Body=png(100))
    upload(workshop, DATASET, ((f"{number}.png", png(number)) for number in range(10)))
    wait_for_runs(workshop, DATASET, 1)
    (run,) = wait_until_over(workshop, DATASET)
    wait_for_mails(workshop, DATASET, ["succeeded"])
    assert [mail.kind for mail in mails_of(workshop, DATASET)].count("failed") == 0

    def states(prefix: str) -> dict[str, str | None]:
        found = {}
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=workshop.bucket, Prefix=prefix):
            for key in (one["Key"] for one in page["Contents"] if Path(one["Key"]).suffix in MEDIA):
                file = tmp_path / f"file{Path(key).suffix}"
                file.write_bytes(s3.get_object(Bucket=workshop.bucket, Key=key)["Body"].read())
                credentials = credentials_of(file, authority.root)
                found[key.removeprefix(prefix)] = credentials and credentials.state
        return found

    made = states(layout.made(DATASET, run.execution_id))
    originals = {name for name, state in made.items() if state is None}
    assert {Path(name).name.rpartition(".")[0] for name in originals} == {ORIGINAL}
    assert {state for name, state in made.items() if name not in originals} == {"Trusted"}
    kinds = {name.split("/")[0] for name in made.keys() - originals}
    assert kinds == {*layout.MADE_KINDS, *layout.UNCOUNTED_KINDS}
    samples = {name: state for name, state in states(layout.CHECKPOINTS).items() if "/sheet" in name}
    assert samples
    assert set(samples.values()) == {"Trusted"}

    archive_key = f"{layout.run(DATASET, run.execution_id)}{layout.REPORT}/{layout.PICTURE_ARCHIVE}"
    archive = zipfile.ZipFile(io.BytesIO(s3.get_object(Bucket=workshop.bucket, Key=archive_key)["Body"].read()))
    packed = {Path(name).name: archive.read(name) for name in archive.namelist() if Path(name).suffix in MEDIA}
    unsigned = set()
    for name, content in packed.items():
        file = tmp_path / f"packed{Path(name).suffix}"
        file.write_bytes(content)
        if credentials_of(file, authority.root) is None:
            unsigned.add(name)
    assert len(packed) > 1
    assert unsigned <= {f"{ORIGINAL}.png"}
