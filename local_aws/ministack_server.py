"""MiniStack as this project runs it: `python -m local_aws.ministack_server`, started by `aws.EmbeddedAws`.

MiniStack (https://pypi.org/project/ministack/, pinned) fakes S3, EventBridge, SQS, Lambda, DynamoDB, SNS, IAM, STS,
KMS, Scheduler, CloudFormation and more, natively, in one process. Some things are changed here, and fail loudly when
MiniStack changes underneath:

- A gate stands before everything (gate.py), and looks into forms, too (unsigned.py).
- The secrets of sessions follow from the root's. MiniStack makes a function's from its name, so that anybody could.
- `events:PutEvents` accepts the source `aws.sagemaker`, which AWS itself uses and refuses to everybody else: the
  stand-in for SageMaker (local_aws/sagemaker) is the only emitter. Any other `aws.*` source stays refused.
- Port 443 is left alone: two workshops may run side by side, and nothing but our own port is needed.
- `sts:AssumeRole` by the account's root counts as a call by the AWS service the role trusts, made in this account
  (`aws:SourceAccount`), since the stand-in for SageMaker assumes the pipeline's role as SageMaker would.
- An object's ETag is no digest of its bytes, and another one with each upload, as in a bucket under KMS
  (S3 API reference, "Object").
- An HTTP API without CORS rules hands a browser's preflight to its route, as any other request (API Gateway Developer
  Guide, "Configure CORS for HTTP APIs"); MiniStack would answer it with nothing.
- Whoever sends a mail with SES v2 needs the right to its sender's identity, and `ses:FromAddress` is who that is.
- Uploads reach their function in batches (upload_events.py), and lie in files (stored_bodies.py).
"""

import json
import os
import secrets
import tempfile
import threading
from pathlib import Path
from typing import Any

import ministack.app
from ministack.core import iam_actions, iam_evaluator, lambda_runtime
from ministack.services import apigateway, eventbridge, lambda_svc, s3, sts

from local_aws.gate import Gate
from local_aws.keys import RootKey
from local_aws.stored_bodies import keep_bodies_in_files
from local_aws.unsigned import check_forms
from local_aws.upload_events import gather_batches, send_events_in_turn


def close_the_gate(root: RootKey) -> None:
    """Serve nobody without this workshop's keys."""
    ministack.app.app = Gate(ministack.app.app, root)


def derive_sessions(root: RootKey) -> None:
    """Make a session's secret and token functions of its access key id and of the root's secret."""
    newest = threading.local()
    new_id, register, execution_credentials = (
        sts._gen_session_access_key,
        sts.register_session,
        lambda_runtime.execution_credentials,
    )

    def session_access_key() -> str:
        newest.id = new_id()
        return str(newest.id)

    def register_session(access_key_id: str, session: dict[str, Any]) -> None:
        made = root.session(access_key_id)
        register(access_key_id, {**session, "SecretAccessKey": made.secret, "SessionToken": made.token})

    def derived_credentials(config: dict[str, Any]) -> dict[str, str]:
        access_key_id = execution_credentials(config)["AWS_ACCESS_KEY_ID"]  # registers the session, by way of the above
        made = root.session(access_key_id)
        return {
            "AWS_ACCESS_KEY_ID": access_key_id,
            "AWS_SECRET_ACCESS_KEY": made.secret,
            "AWS_SESSION_TOKEN": made.token,
        }

    sts._gen_session_access_key = session_access_key  # AssumeRole asks for these three in this order
    sts._gen_secret = lambda: root.session(newest.id).secret
    sts._gen_session_token = lambda: root.session(newest.id).token
    sts.register_session = register_session
    lambda_svc.execution_credentials = lambda_runtime.execution_credentials = derived_credentials


def allow_sagemaker_events() -> None:
    """Let PutEvents pass when every entry's `aws.*` source is `aws.sagemaker`."""
    refuse_aws_sources = eventbridge._put_events

    def put_events(data: dict[str, Any], allow_aws_source: bool = False) -> Any:
        sources = {str(entry.get("Source")) for entry in data.get("Entries", [])}
        reserved = {source for source in sources if source.startswith("aws.")}
        return refuse_aws_sources(data, allow_aws_source or reserved == {"aws.sagemaker"})

    eventbridge._put_events = put_events


def bind_only_own_port() -> None:
    """Keep MiniStack from binding 127.0.0.1:443 beside its own TLS port."""
    if not callable(ministack.app._port_is_bindable):
        raise TypeError("MiniStack changed: app._port_is_bindable is no function")
    ministack.app._port_is_bindable = lambda host, port: False


def assume_roles_as_the_service() -> None:
    """Give trust policies the `aws:SourceAccount` that a service's own AssumeRole call carries."""
    evaluate = iam_evaluator.evaluate_trust_policy

    def evaluate_trust_policy(document: str, caller_arn: str, context: Any) -> Any:
        if caller_arn.endswith(":root"):
            context.service_context.setdefault("aws:sourceaccount", caller_arn.split(":")[4])
        return evaluate(document, caller_arn, context)

    iam_evaluator.evaluate_trust_policy = evaluate_trust_policy


class _Preflight(str):
    """The method OPTIONS, where MiniStack asks whether it is that to answer the request itself."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return False


def hand_preflights_to_routes() -> None:
    """Have the functions behind HTTP APIs answer OPTIONS where the API has no CORS rules of its own."""
    execute = apigateway._handle_execute_in_scope

    async def execute_preflights(api_id: str, stage: str, path: str, method: str, *request: Any) -> Any:
        if method == "OPTIONS" and not apigateway._apis[api_id].get("corsConfiguration"):
            method = _Preflight(method)
        return await execute(api_id, stage, path, method, *request)

    apigateway._handle_execute_in_scope = execute_preflights


def make_etags_opaque() -> None:
    """Give every upload an ETag of its own. (One by multipart upload keeps MiniStack's in the answer to its end.)"""
    record_version = s3._record_object_version

    def opaque_digest(body: bytes) -> str:
        return secrets.token_hex(16)

    def record_object_version(bucket: str, key: str, prior: Any, stored: dict[str, Any], body: bytes) -> Any:
        _, dash, parts = stored["etag"].strip('"').partition("-")
        if dash:
            stored["etag"] = f'"{opaque_digest(body)}-{parts}"'
        return record_version(bucket, key, prior, stored, body)

    if not callable(s3.md5_hash):
        raise TypeError("MiniStack changed: services.s3.md5_hash is no function")
    s3.md5_hash = opaque_digest
    s3._record_object_version = record_object_version


def know_senders() -> None:
    """Have SendEmail of SES v2 judged by the identity that it sends as; MiniStack asks for the right to all of them."""
    resource_arn, resolve_key = iam_actions._ses_v2_resource_arn, iam_evaluator._resolve_condition_key
    identity = ":identity/"

    def ses_resource_arn(method: str, path: str, body: bytes, region: str, account_id: str) -> str:
        if (method, path.rstrip("/")) != ("POST", "/v2/email/outbound-emails"):
            return str(resource_arn(method, path, body, region, account_id))
        return f"arn:aws:ses:{region}:{account_id}{identity}{json.loads(body)['FromEmailAddress']}"

    def resolve_condition_key(key: str, context: Any) -> Any:
        if key.lower() == "ses:fromaddress" and identity in context.resource_arn:
            return context.resource_arn.partition(identity)[2]
        return resolve_key(key, context)

    iam_actions._ses_v2_resource_arn = ses_resource_arn
    iam_evaluator._resolve_condition_key = resolve_condition_key


if __name__ == "__main__":
    root = RootKey(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
    close_the_gate(root)
    check_forms(root)
    derive_sessions(root)
    allow_sagemaker_events()
    bind_only_own_port()
    assume_roles_as_the_service()
    hand_preflights_to_routes()
    make_etags_opaque()
    know_senders()
    send_events_in_turn()
    gather_batches()
    keep_bodies_in_files(Path(tempfile.mkdtemp(prefix="objects-")))
    ministack.app.main()
