"""The five faults that neither sam, cfn-lint, checkov nor the embedded AWS sees."""

import re
from typing import Any

from tests.template.stack import Stack

KNOWN_OPERATORS = {"prefix", "suffix", "numeric", "exists", "anything-but", "wildcard", "equals-ignore-case", "cidr"}
INTRINSICS = {"Ref", "Fn::Sub", "Fn::GetAtt"}


def test_a_schedules_cron_has_six_fields_and_a_parameter_takes_no_other(stack: Stack) -> None:
    for name, schedule in stack.of_type("AWS::Scheduler::Schedule").items():
        expression = schedule["ScheduleExpression"]
        cron = re.fullmatch(r"cron\((.*)\)", stack.default(expression))
        assert cron is None or len(cron[1].split()) == 6, name
        if isinstance(expression, dict):
            allowed = stack.translated["Parameters"][expression["Ref"]].get("AllowedPattern", ".*")
            for good in ("cron(0 3 ? * SUN *)", "cron(0 6 1 * ? *)", "rate(1 hour)", "rate(7 days)"):
                assert re.fullmatch(allowed, good), (name, good)
            for bad in ("cron(0 3 * * SUN)", "0 3 ? * SUN *", "rate(0 days)", "rate(week)", ""):
                assert not re.fullmatch(allowed, bad), (name, bad)


def test_an_sqs_batch_above_ten_has_a_window(stack: Stack) -> None:
    for name, mapping in stack.of_type("AWS::Lambda::EventSourceMapping").items():
        assert mapping["BatchSize"] <= 10 or mapping.get("MaximumBatchingWindowInSeconds"), name


def test_a_flexible_schedule_says_how_flexible(stack: Stack) -> None:
    for name, schedule in stack.of_type("AWS::Scheduler::Schedule").items():
        window = schedule["FlexibleTimeWindow"]
        assert window["Mode"] == "OFF" or window.get("MaximumWindowInMinutes"), name


def test_every_leaf_of_an_event_pattern_is_a_list_of_values_or_known_operators(stack: Stack) -> None:
    def check(pattern: Any, path: str) -> None:
        if isinstance(pattern, dict):
            for key, value in pattern.items():
                assert isinstance(value, dict | list), f"{path}.{key}"
                check(value, f"{path}.{key}")
            return
        for value in pattern:
            assert not isinstance(value, dict) or set(value) <= KNOWN_OPERATORS | INTRINSICS, f"{path}: {value}"

    for name, rule in stack.of_type("AWS::Events::Rule").items():
        check(rule["EventPattern"], name)


def test_a_claims_lease_lies_between_the_functions_timeout_and_the_queues_visibility(stack: Stack) -> None:
    start_run = stack.properties("StartRun")
    lease = int(start_run["Environment"]["Variables"]["LEASE_SECONDS"])
    assert start_run["Timeout"] < lease < stack.properties("SettleQueue")["VisibilityTimeout"]


def test_a_notice_is_leased_for_longer_than_its_sender_can_run_and_not_beyond_its_retries(stack: Stack) -> None:
    """Else two would send it, without anybody dying; or whoever is asked again would be refused to the end."""
    from workshop.ledger.runs import NOTICE_LEASE_MS

    publishers = ("StartRun", "StatusListener", "ReportSuccess", "ReportFailure", "UploadTrigger", "SendMail")
    longest = max(stack.properties(name)["Timeout"] for name in publishers)
    last_retry_seconds = 60 + 120  # of an asynchronous invocation
    assert longest < NOTICE_LEASE_MS / 1000 < last_retry_seconds
