"""Alarms and dashboard look at what there is: metrics that are counted, queues and functions that are deployed."""

import json
import re
from typing import Any

from tests.template.counting import counted
from tests.template.stack import ROOT, Stack, text

OURS = "Workshop"
# (namespace, metric, dimension, what it is for); `text` spells a reference <logical id>
Watched = tuple[str, str, str, str]


def watched_by_alarms(stack: Stack) -> set[Watched]:
    found = set()
    for name, alarm in stack.of_type("AWS::CloudWatch::Alarm").items():
        assert len(alarm["Dimensions"]) == 1, name
        dimension = alarm["Dimensions"][0]
        found.add((alarm["Namespace"], alarm["MetricName"], dimension["Name"], text(dimension["Value"])))
    return found


def watched_by_the_dashboard(stack: Stack) -> set[Watched]:
    found = set()
    for widget in widgets(stack):
        before: list[str] = []
        for line in widget["properties"]["metrics"]:
            fields = [field for field in line if isinstance(field, str)]
            if fields:
                before = _written_out(fields, before)
                namespace, metric, dimension, value = before
                found.add((namespace, metric, dimension, value))
    return found


def widgets(stack: Stack) -> list[dict[str, Any]]:
    found = []
    for dashboard in stack.of_type("AWS::CloudWatch::Dashboard").values():
        found += json.loads(text(dashboard["DashboardBody"]))["widgets"]
    return found


def _written_out(fields: list[str], before: list[str]) -> list[str]:
    """CloudWatch's shorthand: "." is the field above, "..." all fields above up to the ones that follow."""
    if fields[0] == "...":
        fields = before[: len(before) - len(fields) + 1] + fields[1:]
    return [above if field == "." else field for field, above in zip(fields, before or fields, strict=True)]


def our_metrics(stack: Stack, watched: set[Watched]) -> set[tuple[str, str]]:
    """(metric, folder of the function) of what the functions count themselves."""
    folders = {
        text(r["Properties"]["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]): (
            r["Properties"]["CodeUri"].removeprefix("functions/").rstrip("/")
        )
        for r in stack.source["Resources"].values()
        if r["Type"] == "AWS::Serverless::Function"
    }
    ours = {w for w in watched if w[0] == OURS}
    assert {dimension for _, _, dimension, _ in ours} == {"service"}, "the one that Powertools adds"
    return {(metric, folders.get(value, value)) for _, metric, _, value in ours}


def test_what_is_watched_of_ours_is_counted_by_that_function(stack: Stack) -> None:
    watched = our_metrics(stack, watched_by_alarms(stack) | watched_by_the_dashboard(stack))
    assert watched <= counted()


def test_what_is_counted_is_watched(stack: Stack) -> None:
    watched = our_metrics(stack, watched_by_alarms(stack) | watched_by_the_dashboard(stack))
    assert {metric for metric, _ in counted()} <= {metric for metric, _ in watched}


def test_the_namespace_is_the_one_that_the_code_counts_in() -> None:
    code = (ROOT / "layers/workshop/workshop/platform/telemetry.py").read_text()
    assert re.findall(r'Metrics\(namespace="(\w+)"\)', code) == [OURS]


def test_what_is_watched_of_awss_is_ours(stack: Stack) -> None:
    of_ours = {
        "FunctionName": {f"<{name}>" for name in stack.of_type("AWS::Lambda::Function")},
        "QueueName": {f"<{name}.QueueName>" for name in stack.of_type("AWS::SQS::Queue")},
        "RuleName": {f"<{name}>" for name in stack.of_type("AWS::Events::Rule")},
        "TopicName": {f"<{name}.TopicName>" for name in stack.of_type("AWS::SNS::Topic")},
        "ScheduleGroup": {f"<{name}>" for name in stack.of_type("AWS::Scheduler::ScheduleGroup")},
    }
    for namespace, metric, dimension, value in watched_by_alarms(stack) | watched_by_the_dashboard(stack):
        if namespace != OURS:
            assert value in of_ours[dimension], (namespace, metric)


def test_every_alarm_goes_to_the_operators_and_silence_is_no_alarm(stack: Stack) -> None:
    for name, alarm in stack.of_type("AWS::CloudWatch::Alarm").items():
        assert alarm.get("AlarmActions") == [{"Ref": "Operators"}], name
        assert alarm.get("TreatMissingData") == "notBreaching", name
        assert alarm.get("AlarmDescription"), name


def test_operators_and_datasets_subscribers_have_topics_apart(stack: Stack) -> None:
    topics = {text(f["Environment"]["Variables"].get("TOPIC_ARN", "<Notices>"))
              for f in stack.of_type("AWS::Lambda::Function").values()}  # fmt: skip
    assert topics == {"<Notices>"}
    subscribed = {text(s["Endpoint"]): text(s["TopicArn"]) for s in stack.of_type("AWS::SNS::Subscription").values()}
    assert subscribed == {
        "<NotificationEmail>": "<Notices>",
        "<SendMail.Arn>": "<Notices>",
        "<OperatorEmail>": "<Operators>",
    }


def test_the_first_reader_gets_each_mail_from_sns_or_from_the_sender_and_not_from_both(stack: Stack) -> None:
    conditions = {name: stack.resources[name].get("Condition") for name in ("NoticesByMail", "NoticesToSendMail")}
    assert conditions == {"NoticesByMail": "HasNoMailSender", "NoticesToSendMail": "HasMailSender"}
    assert stack.translated["Conditions"]["HasNoMailSender"] == {"Fn::Not": [{"Condition": "HasMailSender"}]}
    variables = stack.properties("SendMail")["Environment"]["Variables"]
    assert variables["NOTIFICATION_EMAIL"] == stack.properties("NoticesByMail")["Endpoint"]


def test_runs_that_fail_hang_or_cannot_start_and_mails_that_fail_raise_alarms(stack: Stack) -> None:
    assert our_metrics(stack, watched_by_alarms(stack)) == {
        ("RunsFailed", "status_listener"),
        ("RunsCompletedWithFailures", "status_listener"),
        ("RunsStuck", "start_run"),
        ("RunsOverdue", "start_run"),
        ("StartsRefused", "start_run"),
        ("NoticeTrouble", "report_success"),
        ("MailsUnsent", "send_mail"),
        ("RefusedNames", "upload_trigger"),
        ("WebFailed", "web_api"),
    }


def test_every_function_has_alarms_for_errors_and_throttles(stack: Stack) -> None:
    watched = watched_by_alarms(stack)
    for name in stack.of_type("AWS::Lambda::Function"):
        for metric in ("Errors", "Throttles"):
            assert ("AWS/Lambda", metric, "FunctionName", f"<{name}>") in watched, name


def test_a_timer_is_old_only_beyond_its_longest_delay_and_a_dead_claim(stack: Stack) -> None:
    from workshop.ledger.timers import MAX_DELAY_SECONDS

    alarms = stack.of_type("AWS::CloudWatch::Alarm").values()
    ages = [alarm for alarm in alarms if alarm["MetricName"] == "ApproximateAgeOfOldestMessage"]
    assert [text(alarm["Dimensions"][0]["Value"]) for alarm in ages] == ["<SettleQueue.QueueName>"]
    assert ages[0]["Threshold"] > MAX_DELAY_SECONDS + stack.properties("SettleQueue")["VisibilityTimeout"]


def test_the_dashboard_shows_every_queue_and_every_functions_errors_throttles_and_duration(stack: Stack) -> None:
    shown = watched_by_the_dashboard(stack)
    for name in stack.of_type("AWS::SQS::Queue"):
        assert ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", f"<{name}.QueueName>") in shown, name
    for name in stack.of_type("AWS::Lambda::Function"):
        for metric in ("Errors", "Throttles", "Duration"):
            assert ("AWS/Lambda", metric, "FunctionName", f"<{name}>") in shown, name


def test_no_two_widgets_of_the_dashboard_overlap_and_none_leaves_the_page(stack: Stack) -> None:
    taken: set[tuple[int, int]] = set()
    for widget in widgets(stack):
        cells = {
            (x, y)
            for x in range(widget["x"], widget["x"] + widget["width"])
            for y in range(widget["y"], widget["y"] + widget["height"])
        }
        assert not cells & taken, widget["properties"]["title"]
        assert max(x for x, _ in cells) < 24, widget["properties"]["title"]
        taken |= cells


def test_the_runbook_says_what_to_do_about_every_alarm_and_dead_letter_queue(stack: Stack) -> None:
    runbook = (ROOT / "docs" / "runbook.md").read_text()
    silent = [name for name in stack.of_type("AWS::CloudWatch::Alarm") if f"`{name}`" not in runbook]
    assert silent == []
    queues = [name for name in stack.of_type("AWS::SQS::Queue") if name.endswith("DeadLetters")]
    assert [name for name in queues if f"\n| {name} |" not in runbook] == []
