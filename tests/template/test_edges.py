"""Asynchronous edges: whatever fails on every try is kept, somebody is told, and nothing is tried too early."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
from moto import mock_aws

from tests.template.stack import Stack, as_list, target, text

LONGEST_RETENTION = 1209600
LONGEST_VISIBILITY = 43200
LONGEST_DELAY = 900
FEWEST_RECEIVES = 5  # for a queue that feeds a function: throttling uses up tries, too
FEWEST_DAYS = 4  # for somebody to look at a dead letter, however long it waited before
# Who invokes each function asynchronously: a rule, a schedule, a topic, or status_listener and start_run.
ASYNCHRONOUS = {"StartRun", "StatusListener", "ReportSuccess", "ReportFailure", "SendMail"}


def dead_letter_queues(stack: Stack) -> Iterator[tuple[str, str]]:
    """Every asynchronous edge, with the queue for what failed on it."""
    for name, rule in stack.of_type("AWS::Events::Rule").items():
        yield from ((name, target(t["DeadLetterConfig"]["Arn"])) for t in rule["Targets"])
    for name, schedule in stack.of_type("AWS::Scheduler::Schedule").items():
        yield name, target(schedule["Target"]["DeadLetterConfig"]["Arn"])
    for config in stack.of_type("AWS::Lambda::EventInvokeConfig").values():
        yield target(config["FunctionName"]), target(config["DestinationConfig"]["OnFailure"]["Destination"])
    for name, subscription in stack.of_type("AWS::SNS::Subscription").items():
        if subscription["Protocol"] != "email":
            yield name, target(subscription["RedrivePolicy"]["deadLetterTargetArn"])
    for name, queue in stack.of_type("AWS::SQS::Queue").items():
        if "RedrivePolicy" in queue:
            yield name, target(queue["RedrivePolicy"]["deadLetterTargetArn"])


def alarmed(stack: Stack, metric: str) -> set[str]:
    """What the alarms on a metric of AWS's look at."""
    alarms = stack.of_type("AWS::CloudWatch::Alarm").values()
    return {text(alarm["Dimensions"][0]["Value"]) for alarm in alarms if alarm["MetricName"] == metric}


def test_every_rule_target_and_schedule_retries_and_keeps_what_it_could_not_deliver(stack: Stack) -> None:
    targets = {f"{name}/{t['Id']}": t for name, r in stack.of_type("AWS::Events::Rule").items() for t in r["Targets"]}
    targets |= {name: s["Target"] for name, s in stack.of_type("AWS::Scheduler::Schedule").items()}
    for name, edge in targets.items():
        assert edge.get("DeadLetterConfig"), name
        assert edge.get("RetryPolicy", {}).get("MaximumRetryAttempts"), name


def test_every_function_invoked_asynchronously_has_a_place_for_failures(stack: Stack) -> None:
    configs = stack.of_type("AWS::Lambda::EventInvokeConfig").values()
    kept = {target(c["FunctionName"]) for c in configs if c.get("DestinationConfig", {}).get("OnFailure")}
    rules = [t["Arn"] for r in stack.of_type("AWS::Events::Rule").values() for t in r["Targets"]]
    schedules = [s["Target"]["Arn"] for s in stack.of_type("AWS::Scheduler::Schedule").values()]
    topics = [s["Endpoint"] for s in stack.of_type("AWS::SNS::Subscription").values() if s["Protocol"] == "lambda"]
    invoked = {target(arn) for arn in rules + schedules + topics} & set(stack.of_type("AWS::Lambda::Function"))
    variables = [f["Environment"]["Variables"] for f in stack.of_type("AWS::Lambda::Function").values()]
    asked = {target(value) for v in variables for name, value in v.items() if name.endswith("_FUNCTION")}
    assert kept == invoked | asked == ASYNCHRONOUS


def test_every_working_queue_buries_what_failed_after_enough_tries(stack: Stack) -> None:
    for name, queue in stack.of_type("AWS::SQS::Queue").items():
        assert "RedrivePolicy" in queue or name.endswith("DeadLetters"), name
        assert queue.get("RedrivePolicy", {}).get("maxReceiveCount", FEWEST_RECEIVES) >= FEWEST_RECEIVES, name


def test_a_dead_letter_is_kept_longest_and_longer_than_it_may_have_waited_alive(stack: Stack) -> None:
    """SQS counts its age from when it was first sent: with equal times, one that waited long would soon be gone."""
    for name, queue in stack.of_type("AWS::SQS::Queue").items():
        if name.endswith("DeadLetters"):
            assert queue["MessageRetentionPeriod"] == LONGEST_RETENTION, name
    for name, buried in dead_letter_queues(stack):
        if stack.resources[name]["Type"] == "AWS::SQS::Queue":
            left = stack.properties(buried)["MessageRetentionPeriod"] - stack.properties(name)["MessageRetentionPeriod"]
            assert left >= FEWEST_DAYS * 86400, name


def test_every_dead_letter_queue_has_an_edge_and_an_alarm(stack: Stack) -> None:
    fed = {queue for _, queue in dead_letter_queues(stack)}
    assert fed == {name for name in stack.of_type("AWS::SQS::Queue") if name.endswith("DeadLetters")}
    watched = alarmed(stack, "ApproximateNumberOfMessagesVisible")
    assert {f"<{queue}.QueueName>" for queue in fed} <= watched


def test_every_edge_whose_dead_letter_is_lost_raises_an_alarm(stack: Stack) -> None:
    """The only sign of a missing permission on a queue or its key, which the embedded AWS does not check."""
    rules = {f"<{name}>" for name in stack.of_type("AWS::Events::Rule")}
    assert rules == alarmed(stack, "InvocationsFailedToBeSentToDlq")
    topics = {f"<{target(s['TopicArn'])}.TopicName>" for s in stack.of_type("AWS::SNS::Subscription").values()
              if "RedrivePolicy" in s}  # fmt: skip
    assert topics == alarmed(stack, "NumberOfNotificationsFailedToRedriveToDlq")
    groups = {
        text(schedule.get("GroupName", "default")) for schedule in stack.of_type("AWS::Scheduler::Schedule").values()
    }
    assert groups == alarmed(stack, "InvocationsFailedToBeSentToDeadLetterCount")
    functions = {f"<{target(c['FunctionName'])}>" for c in stack.of_type("AWS::Lambda::EventInvokeConfig").values()}
    assert functions == alarmed(stack, "DestinationDeliveryFailures")


def test_a_destination_for_failures_may_be_written_by_the_function(stack: Stack) -> None:
    for config in stack.of_type("AWS::Lambda::EventInvokeConfig").values():
        role = stack.role_of(target(config["FunctionName"]))
        allowed = [s["Resource"] for name, s in stack.statements() if name == role and s["Action"] == "sqs:SendMessage"]
        assert config["DestinationConfig"]["OnFailure"]["Destination"] in allowed, role


def test_a_queue_takes_letters_from_exactly_the_rules_and_topics_that_send_them(stack: Stack) -> None:
    sent: dict[str, set[str]] = {}
    for name, rule in stack.of_type("AWS::Events::Rule").items():
        for edge in rule["Targets"]:
            for queue in {target(edge["Arn"]), target(edge["DeadLetterConfig"]["Arn"])} & set(stack.resources):
                if stack.resources[queue]["Type"] == "AWS::SQS::Queue":
                    sent.setdefault(queue, set()).add(name)
    for subscription in stack.of_type("AWS::SNS::Subscription").values():
        if "RedrivePolicy" in subscription:
            queue = target(subscription["RedrivePolicy"]["deadLetterTargetArn"])
            sent.setdefault(queue, set()).add(target(subscription["TopicArn"]))
    services = ({"Service": "events.amazonaws.com"}, {"Service": "sns.amazonaws.com"})
    taken: dict[str, set[str]] = {}
    for _, statement in stack.resource_statements():
        if statement["Principal"] in services and statement["Action"] == "sqs:SendMessage":
            sources = statement["Condition"]["ArnEquals"]["aws:SourceArn"]
            taken[target(statement["Resource"])] = {target(arn) for arn in as_list(sources)}
    assert taken == sent


def test_a_queues_visibility_is_six_times_its_functions_timeout_and_the_longest_window(stack: Stack) -> None:
    for name, mapping in stack.of_type("AWS::Lambda::EventSourceMapping").items():
        queue = stack.properties(target(mapping["EventSourceArn"]))
        window = stack.largest(mapping.get("MaximumBatchingWindowInSeconds", 0))
        needed = 6 * stack.properties(target(mapping["FunctionName"]))["Timeout"] + window
        assert needed <= queue["VisibilityTimeout"] <= LONGEST_VISIBILITY, name
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"], name


def test_what_waits_for_its_function_lives_through_every_try(stack: Stack) -> None:
    """A letter that expires before its last try is neither done nor dead: nobody would hear of it."""
    for name, queue in stack.of_type("AWS::SQS::Queue").items():
        if "RedrivePolicy" in queue:
            tries = queue["RedrivePolicy"]["maxReceiveCount"] * queue["VisibilityTimeout"]
            assert LONGEST_DELAY + tries < queue["MessageRetentionPeriod"], name


def test_nothing_but_uploads_reaches_the_upload_queue(stack: Stack) -> None:
    """Results lie in the same bucket; a rule that saw them would start runs for ever. But of uploads all do, the empty
    ones, too: somebody has to be told of them."""
    pattern = stack.properties("UploadRule")["EventPattern"]
    assert pattern["detail"]["object"] == {"key": [{"prefix": "uploads/"}]}


def test_a_deletion_is_heard_if_somebody_hid_an_object_and_no_other(stack: Stack) -> None:
    """Not what a lifecycle rule or a purge deletes: a run costs money, and nobody has asked for one."""
    pattern = stack.properties("UploadRule")["EventPattern"]
    assert pattern["detail-type"] == ["Object Created", "Object Deleted"]
    assert pattern["detail"].get("reason") == [{"anything-but": "Lifecycle Expiration"}]
    assert pattern["detail"].get("deletion-type") == [{"exists": False}, "Delete Marker Created"]


def test_status_events_are_those_of_our_pipeline_in_both_kinds(stack: Stack) -> None:
    pattern = stack.properties("StatusRule")["EventPattern"]
    assert len(pattern["detail-type"]) == 2
    assert [text(arn).rpartition(":")[2] for arn in pattern["detail"]["pipelineArn"]] == ["pipeline/<Pipeline>"]


def test_the_schedules_ask_for_a_rerun_and_for_a_sweep(stack: Stack) -> None:
    inputs = {name: s["Target"]["Input"] for name, s in stack.of_type("AWS::Scheduler::Schedule").items()}
    assert inputs == {"WeeklyRerun": '{"source": "schedule"}', "HourlySweep": '{"source": "sweep"}'}


def test_the_pipeline_is_called_like_its_stack_unless_its_name_is_chosen(stack: Stack) -> None:
    """In every place that names it: two stacks of an account never start or hear of each other's runs by default."""
    places = [
        stack.translated["Outputs"]["PipelineName"]["Value"],
        stack.properties("StartRun")["Environment"]["Variables"]["PIPELINE_NAME"],
        *stack.properties("StatusRule")["EventPattern"]["detail"]["pipelineArn"],
        *(s["Resource"] for _, s in stack.statements() if ":pipeline/" in json.dumps(s["Resource"])),
    ]
    template = {
        "Parameters": {"PipelineName": stack.translated["Parameters"]["PipelineName"]},
        "Conditions": {"OwnPipelineName": stack.translated["Conditions"]["OwnPipelineName"]},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {f"Place{number}": {"Value": value} for number, value in enumerate(places)},
    }
    assert _pipelines_named(template, "red-workshop") == {"red-workshop"}
    assert _pipelines_named(template, "red-workshop", PipelineName="own") == {"own"}


def _pipelines_named(template: dict[str, Any], stack_name: str, **parameters: str) -> set[str]:
    """The pipelines that the outputs of such a stack name, by their names or in ARNs."""
    with mock_aws():
        cloudformation = boto3.client("cloudformation", region_name="eu-central-1")
        cloudformation.create_stack(
            StackName=stack_name,
            TemplateBody=json.dumps(template),
            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
        )
        outputs = cloudformation.describe_stacks(StackName=stack_name)["Stacks"][0]["Outputs"]
    return {o["OutputValue"].rpartition(":pipeline/")[2].removesuffix("/execution/*") for o in outputs}


def test_nothing_has_a_name_that_a_second_stack_would_want_too(stack: Stack) -> None:
    """All but the pipeline, which is none of its resources: CloudFormation names things after the stack."""
    assert not any("Export" in output for output in stack.translated["Outputs"].values())
    assert "AWS::KMS::Alias" not in {resource["Type"] for resource in stack.resources.values()}
    for name, resource in stack.resources.items():
        kind = resource["Type"].rpartition("::")[2]
        # A policy's name must be given, and is its role's own; an API's is for people, and its parts' are its own.
        if resource["Type"] != "AWS::IAM::Policy" and not resource["Type"].startswith("AWS::ApiGatewayV2::"):
            assert not set(resource["Properties"]) & {"Name", f"{kind}Name"}, name
        if "GroupName" in resource["Properties"]:
            assert target(resource["Properties"]["GroupName"]) in stack.resources, name
