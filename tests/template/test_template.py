"""House rules for template.yaml, held on its translation: what no linter sees, and what a careless change would
break.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

Resources = dict[str, dict[str, Any]]

# Every statement on the resource "*", with the reason that it is allowed.
WILDCARDS = {
    "xray:PutTraceSegments": "X-Ray has no resources",
    "xray:PutTelemetryRecords": "X-Ray has no resources",
    "cloudwatch:PutMetricData": "CloudWatch metrics have no resources; the namespace is a condition",
    "ecr:GetAuthorizationToken": "a registry login has no resource",
}
KNOWN_OPERATORS = {"prefix", "suffix", "numeric", "exists", "anything-but", "wildcard", "equals-ignore-case", "cidr"}


def of_type(resources: Resources, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    found = [(name, r["Properties"]) for name, r in resources.items() if r["Type"] == kind]
    assert found, f"no {kind} in the template"
    yield from found


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def identity_statements(resources: Resources) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, role in of_type(resources, "AWS::IAM::Role"):
        for policy in role.get("Policies", []):
            yield from ((name, statement) for statement in policy["PolicyDocument"]["Statement"])
    for name, policy in of_type(resources, "AWS::IAM::Policy"):
        yield from ((name, statement) for statement in policy["PolicyDocument"]["Statement"])


# -------------------------------------------------------------------------------- the five faults that no tool sees


def test_a_schedules_cron_has_six_fields(resources: Resources, translated: dict[str, Any]) -> None:
    for name, schedule in of_type(resources, "AWS::Scheduler::Schedule"):
        expression = schedule["ScheduleExpression"]
        if isinstance(expression, dict):
            expression = translated["Parameters"][expression["Ref"]]["Default"]
        cron = re.fullmatch(r"cron\((.*)\)", expression)
        assert cron is None or len(cron[1].split()) == 6, name


def test_an_sqs_batch_above_ten_has_a_window(resources: Resources) -> None:
    for name, mapping in of_type(resources, "AWS::Lambda::EventSourceMapping"):
        assert mapping["BatchSize"] <= 10 or mapping.get("MaximumBatchingWindowInSeconds"), name


def test_a_flexible_schedule_says_how_flexible(resources: Resources) -> None:
    for name, schedule in of_type(resources, "AWS::Scheduler::Schedule"):
        window = schedule["FlexibleTimeWindow"]
        assert window["Mode"] == "OFF" or window["MaximumWindowInMinutes"], name


def test_every_leaf_of_an_event_pattern_is_a_list_of_values_or_known_operators(resources: Resources) -> None:
    def check(pattern: Any) -> None:
        if isinstance(pattern, dict):
            for key, value in pattern.items():
                assert isinstance(value, dict | list), key
                check(value)
            return
        for value in pattern:
            assert not isinstance(value, dict) or set(value) <= KNOWN_OPERATORS | {"Ref", "Fn::Sub", "Fn::GetAtt"}, (
                value
            )

    for _, rule in of_type(resources, "AWS::Events::Rule"):
        check(rule["EventPattern"])


def test_a_claims_lease_lies_between_the_functions_timeout_and_the_queues_visibility(resources: Resources) -> None:
    start_run = resources["StartRun"]["Properties"]
    lease = int(start_run["Environment"]["Variables"]["LEASE_SECONDS"])
    assert start_run["Timeout"] < lease < resources["SettleQueue"]["Properties"]["VisibilityTimeout"]


# ------------------------------------------------------------------------------------------------ asynchronous edges


def test_a_queues_visibility_is_six_times_its_functions_timeout(resources: Resources) -> None:
    for name, mapping in of_type(resources, "AWS::Lambda::EventSourceMapping"):
        queue = resources[mapping["EventSourceArn"]["Fn::GetAtt"][0]]["Properties"]
        function = resources[mapping["FunctionName"]["Ref"]]["Properties"]
        assert queue["VisibilityTimeout"] >= 6 * function["Timeout"], name
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"], name


def test_every_working_queue_has_a_dead_letter_queue_that_keeps_longest(resources: Resources) -> None:
    queues = dict(of_type(resources, "AWS::SQS::Queue"))
    dead = {q["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0] for q in queues.values() if "RedrivePolicy" in q}
    for name, queue in queues.items():
        assert "RedrivePolicy" in queue or "DeadLetters" in name, name
        assert queue["MessageRetentionPeriod"] == 1209600, name
    assert {"UploadDeadLetters", "SettleDeadLetters"} <= dead


def test_every_rule_target_and_schedule_keeps_what_it_could_not_deliver(resources: Resources) -> None:
    targets = [target for _, rule in of_type(resources, "AWS::Events::Rule") for target in rule["Targets"]]
    targets += [schedule["Target"] for _, schedule in of_type(resources, "AWS::Scheduler::Schedule")]
    for target in targets:
        assert target["DeadLetterConfig"]["Arn"]
        assert target["RetryPolicy"]["MaximumRetryAttempts"] > 0


def test_every_function_invoked_asynchronously_has_a_place_for_failures(resources: Resources) -> None:
    configured = {
        config["FunctionName"]["Ref"]
        for _, config in of_type(resources, "AWS::Lambda::EventInvokeConfig")
        if config["DestinationConfig"]["OnFailure"]["Destination"]
    }
    assert configured == {"StartRun", "StatusListener", "ReportSuccess", "ReportFailure"}


def test_a_destination_for_failures_may_be_written_by_the_function(resources: Resources) -> None:
    for _, config in of_type(resources, "AWS::Lambda::EventInvokeConfig"):
        function = config["FunctionName"]["Ref"]
        queue = config["DestinationConfig"]["OnFailure"]["Destination"]
        role = resources[function]["Properties"]["Role"]["Fn::GetAtt"][0]
        allowed = [
            s["Resource"]
            for name, s in identity_statements(resources)
            if name == role and s["Action"] == "sqs:SendMessage"
        ]
        assert queue in allowed, function


# --------------------------------------------------------------------------------------------------------- functions


def test_every_function_has_its_own_role_and_log_group_with_retention(resources: Resources) -> None:
    functions = dict(of_type(resources, "AWS::Lambda::Function"))
    roles = [function["Role"]["Fn::GetAtt"][0] for function in functions.values()]
    assert len(set(roles)) == len(functions)
    for name, function in functions.items():
        logs = resources[function["LoggingConfig"]["LogGroup"]["Ref"]]
        assert logs["Type"] == "AWS::Logs::LogGroup", name
        assert logs["Properties"]["RetentionInDays"], name
        assert function["TracingConfig"] == {"Mode": "Active"}, name
        assert function["Layers"], name


def test_every_function_folder_is_deployed_and_every_deployed_function_has_a_folder(template: dict[str, Any]) -> None:
    from tests.template.conftest import ROOT

    deployed = {
        r["Properties"]["CodeUri"].rstrip("/")
        for r in template["Resources"].values()
        if r["Type"] == "AWS::Serverless::Function"
    }
    assert deployed == {f"functions/{path.parent.name}" for path in (ROOT / "functions").glob("*/app.py")}


# ------------------------------------------------------------------------------------------------------- permissions


def test_no_statement_allows_every_action(resources: Resources) -> None:
    for name, statement in identity_statements(resources):
        assert not [action for action in as_list(statement["Action"]) if "*" in action], name


def test_no_statement_is_about_every_resource_without_a_written_reason(resources: Resources) -> None:
    for name, statement in identity_statements(resources):
        if "*" in as_list(statement["Resource"]):
            assert set(as_list(statement["Action"])) <= set(WILDCARDS), name


def test_no_managed_policy_is_attached(resources: Resources) -> None:
    for name, role in of_type(resources, "AWS::IAM::Role"):
        assert not role.get("ManagedPolicyArns"), name


def test_runs_may_be_started_of_one_pipeline_by_one_function_only(resources: Resources) -> None:
    starting = [
        (n, s) for n, s in identity_statements(resources) if "sagemaker:StartPipelineExecution" in as_list(s["Action"])
    ]
    assert [name for name, _ in starting] == ["StartRunRole"]
    assert json.dumps(starting[0][1]["Resource"]).endswith('pipeline/${PipelineName}"}')


def test_a_role_is_passed_to_sagemaker_only(resources: Resources) -> None:
    passing = [s for _, s in identity_statements(resources) if s["Action"] == "iam:PassRole"]
    assert [s["Condition"] for s in passing] == [{"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}]


@pytest.mark.parametrize("service", ["events.amazonaws.com", "scheduler.amazonaws.com", "sagemaker.amazonaws.com"])
def test_a_service_may_act_for_our_account_or_resource_only(resources: Resources, service: str) -> None:
    grants = []
    for r in resources.values():
        properties = r["Properties"]
        for key in ("PolicyDocument", "AssumeRolePolicyDocument", "KeyPolicy"):
            for statement in properties.get(key, {}).get("Statement", []):
                if statement.get("Principal") == {"Service": service}:
                    grants.append(json.dumps(statement.get("Condition", {})))
        if r["Type"] == "AWS::Lambda::Permission" and properties["Principal"] == service:
            grants.append(json.dumps({"aws:SourceArn": properties["SourceArn"]}))
    assert grants
    assert all("aws:SourceArn" in grant or "aws:SourceAccount" in grant for grant in grants)


# -------------------------------------------------------------------------------------------------------------- data


def test_bucket_and_ledger_outlive_the_stack(resources: Resources) -> None:
    for name in ("Bucket", "Ledger"):
        assert resources[name]["DeletionPolicy"] == resources[name]["UpdateReplacePolicy"] == "Retain"


def test_the_bucket_is_private_versioned_encrypted_and_tells_eventbridge(resources: Resources) -> None:
    bucket = resources["Bucket"]["Properties"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert bucket["BucketEncryption"]
    assert bucket["NotificationConfiguration"] == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}


def test_bucket_topic_and_every_queue_refuse_plain_http(resources: Resources) -> None:
    def refuses(policy: dict[str, Any]) -> bool:
        return any(
            s["Effect"] == "Deny" and s["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
            for s in policy["PolicyDocument"]["Statement"]
        )

    kinds = ("AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy")
    assert all(refuses(policy) for kind in kinds for _, policy in of_type(resources, kind))
    covered = [q["Ref"] for _, policy in of_type(resources, "AWS::SQS::QueuePolicy") for q in policy["Queues"]]
    assert sorted(covered) == sorted(name for name, _ in of_type(resources, "AWS::SQS::Queue")), "one policy a queue"


def test_nothing_but_uploads_reaches_the_upload_queue(resources: Resources) -> None:
    """Results lie in the same bucket; a rule that saw them would start runs for ever."""
    pattern = resources["UploadRule"]["Properties"]["EventPattern"]
    assert pattern["detail"]["object"]["key"] == [{"prefix": "uploads/"}]


def test_the_pipeline_is_not_in_the_template(resources: Resources) -> None:
    assert not [name for name, r in resources.items() if r["Type"].startswith("AWS::SageMaker::")]


def test_status_events_are_those_of_our_pipeline_in_both_kinds(resources: Resources) -> None:
    pattern = resources["StatusRule"]["Properties"]["EventPattern"]
    assert len(pattern["detail-type"]) == 2
    assert "pipeline/${PipelineName}" in json.dumps(pattern["detail"]["pipelineArn"])
