"""Each rule can fail: a template with the fault that the rule is against, and the rule that must find it."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from tests.template import (
    test_contract,
    test_data,
    test_edges,
    test_encryption,
    test_functions,
    test_permissions,
    test_unseen_faults,
    test_watching,
)
from tests.template.stack import Stack

Rule = Callable[[Stack], None]
Fault = Callable[[Stack], None]

MODULES: list[ModuleType] = [
    test_contract,
    test_data,
    test_edges,
    test_encryption,
    test_functions,
    test_permissions,
    test_unseen_faults,
    test_watching,
]


def put(path: str, value: Any) -> Fault:
    """Set what is at a path of the translation's resources: names, and numbers in lists; "+" appends."""

    def fault(stack: Stack) -> None:
        parent, key = _find(stack.resources, path)
        if key == "+":
            parent.append(value)
        else:
            parent[key] = value

    return fault


def drop(path: str) -> Fault:
    def fault(stack: Stack) -> None:
        parent, key = _find(stack.resources, path)
        del parent[key]

    return fault


def parameter(path: str, value: Any) -> Fault:
    def fault(stack: Stack) -> None:
        parent, key = _find(stack.translated["Parameters"], path)
        parent[key] = value

    return fault


def statement(role: str, sid: str, key: str, value: Any) -> Fault:
    """Change one field of a role's statement, found by its Sid."""

    def fault(stack: Stack) -> None:
        found = [s for name, s in stack.statements() if name == role and s.get("Sid") == sid]
        assert len(found) == 1, (role, sid)
        found[0][key] = value

    return fault


def dashboard(old: str, new: str) -> Fault:
    def fault(stack: Stack) -> None:
        body = stack.properties("Dashboard")["DashboardBody"]
        assert old in body["Fn::Sub"], old
        body["Fn::Sub"] = body["Fn::Sub"].replace(old, new, 1)

    return fault


def layer_for(runtime: str) -> Fault:
    """The layer's logical id ends with a digest of its location."""

    def fault(stack: Stack) -> None:
        (layer,) = stack.of_type("AWS::Lambda::LayerVersion").values()
        layer["CompatibleRuntimes"] = [runtime]

    return fault


def undeployed(stack: Stack) -> None:
    del stack.source["Resources"]["Web"]


def _find(root: Any, path: str) -> tuple[Any, Any]:
    *above, last = [int(part) if part.lstrip("-").isdigit() else part for part in path.split("/")]
    for part in above:
        root = root[part]
    return root, last


def alarm(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Dimensions": [{"Name": "x", "Value": "y"}], **properties}}


ANYBODY = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
WITHOUT_A_CONDITION = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sns:Publish"}
CONDITION = "AssumeRolePolicyDocument/Statement/0/Condition"
LIFECYCLE = "Bucket/Properties/LifecycleConfiguration/Rules"

MUTANTS: dict[Rule, dict[str, Fault]] = {
    test_unseen_faults.test_a_schedules_cron_has_six_fields_and_a_parameter_takes_no_other: {
        "five fields": parameter("RerunSchedule/Default", "cron(0 3 ? * SUN)"),
        "no pattern": parameter("SweepSchedule/AllowedPattern", ".*"),
    },
    test_unseen_faults.test_an_sqs_batch_above_ten_has_a_window: {
        "no window": drop("UploadTriggerUploads/Properties/MaximumBatchingWindowInSeconds"),
    },
    test_unseen_faults.test_a_flexible_schedule_says_how_flexible: {
        "no minutes": put("HourlySweep/Properties/FlexibleTimeWindow", {"Mode": "FLEXIBLE"}),
    },
    test_unseen_faults.test_every_leaf_of_an_event_pattern_is_a_list_of_values_or_known_operators: {
        "scalar": put("StatusRule/Properties/EventPattern/source", "aws.sagemaker"),
        "operator": put("UploadRule/Properties/EventPattern/detail/object/key", [{"starts-with": "uploads/"}]),
    },
    test_unseen_faults.test_a_claims_lease_lies_between_the_functions_timeout_and_the_queues_visibility: {
        "early": put("SettleQueue/Properties/VisibilityTimeout", 300),
    },
    test_unseen_faults.test_a_notice_is_leased_for_longer_than_its_sender_can_run_and_not_beyond_its_retries: {
        "slower sender": put("StartRun/Properties/Timeout", 150),
    },
    test_edges.test_every_rule_target_and_schedule_retries_and_keeps_what_it_could_not_deliver: {
        "rule": drop("StatusRule/Properties/Targets/0/DeadLetterConfig"),
        "schedule": put("HourlySweep/Properties/Target/RetryPolicy/MaximumRetryAttempts", 0),
    },
    test_edges.test_every_function_invoked_asynchronously_has_a_place_for_failures: {
        "function": drop("ReportFailureEventInvokeConfig/Properties/DestinationConfig"),
    },
    test_edges.test_every_working_queue_buries_what_failed_after_enough_tries: {
        "for ever": drop("SettleQueue/Properties/RedrivePolicy"),
        "too soon": put("UploadQueue/Properties/RedrivePolicy/maxReceiveCount", 2),
    },
    test_edges.test_a_dead_letter_is_kept_longest_and_longer_than_it_may_have_waited_alive: {
        "a day": put("NoticeDeadLetters/Properties/MessageRetentionPeriod", 86400),
        "as long alive": put("SettleQueue/Properties/MessageRetentionPeriod", 1209600),
    },
    test_edges.test_what_waits_for_its_function_lives_through_every_try: {
        "an hour": put("UploadQueue/Properties/MessageRetentionPeriod", 3000),
    },
    test_edges.test_every_dead_letter_queue_has_an_edge_and_an_alarm: {
        "silent": drop("NoticeDeadLettersAlarm"),
    },
    test_edges.test_every_edge_whose_dead_letter_is_lost_raises_an_alarm: {
        "rule": drop("StatusRuleLostLettersAlarm"),
        "default group": drop("HourlySweep/Properties/GroupName"),
        "function": drop("ReportSuccessLostLettersAlarm"),
    },
    test_edges.test_a_destination_for_failures_may_be_written_by_the_function: {
        "no right": statement("ReportSuccessRole", "KeepUndelivered", "Action", "sqs:ReceiveMessage"),
    },
    test_edges.test_a_queue_takes_letters_from_exactly_the_rules_and_topics_that_send_them: {
        "one too few": put(
            "EventDeadLettersPolicy/Properties/PolicyDocument/Statement/1/Condition/ArnEquals/aws:SourceArn",
            {"Fn::GetAtt": ["UploadRule", "Arn"]},
        ),
        "another topic": put(
            "NoticeDeadLettersPolicy/Properties/PolicyDocument/Statement/1/Condition/ArnEquals/aws:SourceArn",
            {"Ref": "Operators"},
        ),
    },
    test_edges.test_a_queues_visibility_is_six_times_its_functions_timeout_and_the_longest_window: {
        "slower function": put("UploadTrigger/Properties/Timeout", 31),
        "timeout alone": put("UploadQueue/Properties/VisibilityTimeout", 180),
        "longer window": parameter("UploadBatchWindowSeconds/MaxValue", 301),
    },
    test_edges.test_nothing_but_uploads_reaches_the_upload_queue: {
        "results too": put("UploadRule/Properties/EventPattern/detail/object/key", [{"prefix": ""}]),
        "no empty files": put("UploadRule/Properties/EventPattern/detail/object/size", [{"numeric": [">", 0]}]),
    },
    test_edges.test_a_deletion_is_heard_if_somebody_hid_an_object_and_no_other: {
        "no deletions": put("UploadRule/Properties/EventPattern/detail-type", ["Object Created"]),
        "expiries": drop("UploadRule/Properties/EventPattern/detail/reason"),
        "purges": drop("UploadRule/Properties/EventPattern/detail/deletion-type"),
    },
    test_edges.test_status_events_are_those_of_our_pipeline_in_both_kinds: {
        "any pipeline": put(
            "StatusRule/Properties/EventPattern/detail/pipelineArn", [{"Fn::Sub": "arn:aws:sagemaker:x:y:pipeline/*"}]
        ),
    },
    test_edges.test_the_schedules_ask_for_a_rerun_and_for_a_sweep: {
        "same": put("HourlySweep/Properties/Target/Input", '{"source": "schedule"}'),
    },
    test_edges.test_the_pipeline_is_called_like_its_stack_unless_its_name_is_chosen: {
        "one name for all": parameter("PipelineName/Default", "workshop"),
        "start": put("StartRun/Properties/Environment/Variables/PIPELINE_NAME", {"Ref": "PipelineName"}),
        "events of any": put("StatusRule/Properties/EventPattern/detail/pipelineArn/0", "arn:pipeline/workshop"),
    },
    test_edges.test_nothing_has_a_name_that_a_second_stack_would_want_too: {
        "queue": put("UploadQueue/Properties/QueueName", "uploads"),
        "rule": put("UploadRule/Properties/Name", "uploads"),
    },
    test_encryption.test_every_bucket_table_queue_topic_and_log_group_is_under_our_key: {
        "queue": drop("UploadQueue/Properties/KmsMasterKeyId"),
        "AWS's key": put("Notices/Properties/KmsMasterKeyId", "alias/aws/sns"),
        "log group": drop("StartRunLogs/Properties/KmsKeyId"),
    },
    test_encryption.test_every_key_is_rotated_where_kms_can_and_ours_outlives_the_stack: {
        "never": put("Key/Properties/EnableKeyRotation", False),
        "gone": put("Key/DeletionPolicy", "Delete"),
    },
    test_encryption.test_a_role_may_use_the_key_for_exactly_what_it_reads_and_writes: {
        "more": statement(
            "WebRole", "UseKey", "Action", ["kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey", "kms:Encrypt"]
        ),
        "less": statement("SchedulesRole", "UseKey", "Action", "kms:Decrypt"),
    },
    test_encryption.test_a_service_that_reaches_encrypted_things_by_itself_may_use_the_key_and_no_other_may: {
        "no alarms": drop("Key/Properties/KeyPolicy/Statement/2"),
        "one more": put("Key/Properties/KeyPolicy/Statement/2/Principal", {"Service": "s3.amazonaws.com"}),
    },
    test_encryption.test_bucket_topics_and_queues_refuse_plain_http: {
        "topic": drop("OperatorsPolicy/Properties/PolicyDocument/Statement/0"),
        "queue without policy": drop("InnerQueuesPolicy/Properties/Queues/0"),
    },
    test_permissions.test_no_statement_allows_every_action: {
        "every": statement("StartRunRole", "KeepLedger", "Action", "dynamodb:*"),
    },
    test_permissions.test_no_statement_is_about_every_resource_without_a_written_reason: {
        "every": statement("StartRunRole", "StartRuns", "Resource", "*"),
    },
    test_permissions.test_no_managed_policy_is_attached: {
        "managed": put("StartRunRole/Properties/ManagedPolicyArns", ["arn:aws:iam::aws:policy/ReadOnlyAccess"]),
    },
    test_permissions.test_a_service_may_act_for_our_account_or_resource_only: {
        "trust": drop(f"PipelineRole/Properties/{CONDITION}"),
        "topic": put("NoticesPolicy/Properties/PolicyDocument/Statement/+", WITHOUT_A_CONDITION),
        "a bucket's ARN alone": put(
            "NoticesPolicy/Properties/PolicyDocument/Statement/+",
            {**WITHOUT_A_CONDITION, "Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::x"}}},
        ),
    },
    test_permissions.test_everybody_may_only_be_refused_and_calls_one_function_through_the_http_api_alone: {
        "queue": put("UploadQueuePolicy/Properties/PolicyDocument/Statement/+", ANYBODY),
        "any rule": drop("StatusRulePermission/Properties/SourceArn"),
        "past the API": put("WebPermission/Properties/Principal", "*"),
        "any API": put("WebPermission/Properties/SourceArn", "arn:aws:execute-api:eu-central-1:1:*"),
        "another function": put("WebPermission/Properties/FunctionName", {"Ref": "StartRun"}),
    },
    test_permissions.test_runs_may_be_started_of_one_pipeline_by_one_function_only: {
        "any pipeline": statement(
            "StartRunRole", "StartRuns", "Resource", {"Fn::Sub": "arn:aws:sagemaker:x:y:pipeline/*"}
        ),
    },
    test_permissions.test_mails_may_be_sent_by_one_function_as_one_sender_and_only_where_there_is_one: {
        "any sender": drop("SendMailAsSender/Properties/PolicyDocument/Statement/0/Condition"),
        "any identity": put(
            "SendMailAsSender/Properties/PolicyDocument/Statement/0/Resource", {"Fn::Sub": "arn:aws:ses:x:y:identity/*"}
        ),
        "without a sender": drop("SendMailAsSender/Condition"),
    },
    test_permissions.test_nobody_but_the_jobs_may_delete_and_they_only_checkpoints: {
        "uploads": statement("PipelineRole", "KeepResults", "Action", ["s3:GetObject", "s3:DeleteObject"]),
    },
    test_permissions.test_a_role_is_passed_to_sagemaker_only: {
        "anybody": drop("PipelinePassRole/Properties/PolicyDocument/Statement/0/Condition"),
    },
    test_data.test_data_and_the_key_to_it_outlive_the_stack: {
        "table": put("Ledger/DeletionPolicy", "Delete"),
    },
    test_data.test_every_bucket_is_private_versioned_and_tells_eventbridge: {
        "public": put("Bucket/Properties/PublicAccessBlockConfiguration/BlockPublicPolicy", False),
        "one version": put("Bucket/Properties/VersioningConfiguration/Status", "Suspended"),
    },
    test_data.test_what_nobody_needs_any_more_expires_after_days_that_a_parameter_says: {
        "for ever": drop(f"{LIFECYCLE}/0/NoncurrentVersionExpiration"),
        "everything": drop(f"{LIFECYCLE}/1/Prefix"),
    },
    test_data.test_nothing_expires_while_a_run_may_still_read_it: {
        "a day": parameter("KeepReplacedDays/MinValue", 1),
    },
    test_data.test_every_table_can_be_restored_and_forgets_by_itself: {
        "never": put("Ledger/Properties/TimeToLiveSpecification/Enabled", False),
    },
    test_data.test_everything_that_takes_tags_carries_the_applications_and_the_stacks: {
        "queue": drop("UploadQueue/Properties/Tags"),
        "other": put("Bucket/Properties/Tags", [{"Key": "stack", "Value": "x"}]),
        "new type": put("New", {"Type": "AWS::SSM::Parameter", "Properties": {}}),
    },
    test_data.test_the_budget_counts_what_carries_the_stacks_tag: {
        "everything": drop("Budget/Properties/Budget/CostFilters"),
    },
    test_data.test_nothing_is_paid_or_mailed_for_operators_that_there_are_not: {
        "always": drop("OperatorsByMail/Condition"),
    },
    test_data.test_the_pipeline_is_not_in_the_template: {
        "there": put("Pipeline", {"Type": "AWS::SageMaker::Pipeline", "Properties": {}}),
    },
    test_contract.test_every_prefix_is_one_of_the_layouts: {
        "another": put(f"{LIFECYCLE}/1/Prefix", "checkpoint/"),
        "a further one": put("UploadRule/Properties/EventPattern/detail/object/key", [{"prefix": "drops/"}]),
    },
    test_contract.test_the_deployers_bounds_are_those_of_the_pipeline: {
        "a week": parameter("MaxTrainSeconds/MaxValue", 604_800),
        "none": parameter("MinImages/MinValue", 0),
        "no patience": parameter("Patience/MinValue", 1),
        "another patience": parameter("Patience/Default", 5),
    },
    test_contract.test_a_deployer_may_choose_what_the_functions_know: {
        "preset": parameter("DefaultPreset/AllowedValues/0", "huge"),
        "language": parameter("NoticeLanguage/AllowedValues/0", "fr"),
        "option": parameter("AllowedTrainOptions/Default", "gama"),
        "base": parameter("WarmStartModel/Default", "base/nothing/"),
    },
    test_functions.test_every_function_has_its_own_role_and_log_group_with_retention: {
        "shared role": put("Web/Properties/Role", {"Fn::GetAtt": ["StartRunRole", "Arn"]}),
        "for ever": drop("WebLogs/Properties/RetentionInDays"),
    },
    test_functions.test_every_function_is_traced_has_the_layer_and_counts_under_its_own_name: {
        "untraced": drop("Web/Properties/TracingConfig"),
        "two stacks": put("Web/Properties/Environment/Variables/POWERTOOLS_SERVICE_NAME", "web_api"),
    },
    test_functions.test_the_layer_is_built_for_the_python_that_every_function_runs_on: {
        "one function": put("Web/Properties/Runtime", "python3.11"),
        "the layer": layer_for("python3.11"),
    },
    test_functions.test_every_function_folder_is_deployed_and_every_deployed_function_has_a_folder: {
        "forgotten": undeployed,
    },
    test_functions.test_every_function_is_in_the_vpc_and_may_have_interfaces_there_or_neither: {
        "outside": drop("Web/Properties/VpcConfig"),
        "no right": drop("WebRole/Properties/Policies/1"),
    },
    test_functions.test_interfaces_are_for_lambda_itself_and_not_for_the_functions_code: {
        "code too": drop(
            "WebRole/Properties/Policies/1/Fn::If/1/PolicyDocument/Statement/0/Condition/Null/lambda:SourceFunctionArn"
        ),
    },
    test_functions.test_no_function_has_an_address_of_its_own: {
        "second door": put("NewUrl", {"Type": "AWS::Lambda::Url", "Properties": {"AuthType": "NONE"}}),
    },
    test_functions.test_an_address_that_anybody_may_call_cannot_take_every_execution_of_the_account: {
        "no limit": drop("Web/Properties/ReservedConcurrentExecutions"),
        "no limit by default": parameter("WebConcurrency/Default", 0),
        "no way out": parameter("WebConcurrency/MinValue", 1),
    },
    test_functions.test_start_run_knows_what_a_run_may_cost: {
        "not told": drop("StartRun/Properties/Environment/Variables/MAX_RUN_COST"),
        "costly option": parameter("AllowedTrainOptions/Default", "aug,augpipe,batch,gamma,p,target"),
        "no price": parameter("AllowedTrainInstances/Default", "ml.g5.xlarge,ml.x1.xlarge"),
        "own type refused": parameter("AllowedTrainInstances/Default", "ml.p3.2xlarge"),
    },
    test_watching.test_what_is_watched_of_ours_is_counted_by_that_function: {
        "misspelt": put("RunsFailedAlarm/Properties/MetricName", "RunFailed"),
        "wrong function": put(
            "RunsFailedAlarm/Properties/Dimensions/0/Value", {"Fn::Sub": "${AWS::StackName}-start_run"}
        ),
        "misspelt on the dashboard": dashboard('"UploadsSeen"', '"UploadSeen"'),
    },
    test_watching.test_what_is_counted_is_watched: {
        "unseen": dashboard('[".", "UnheardEnds", ".", ".", {"label": "ends unheard"}],', ""),
    },
    test_watching.test_what_is_watched_of_awss_is_ours: {
        "another's queue": put("SettleQueueAgeAlarm/Properties/Dimensions/0/Value", "settle"),
    },
    test_watching.test_every_alarm_goes_to_the_operators_and_silence_is_no_alarm: {
        "unheard": drop("RunsStuckAlarm/Properties/AlarmActions"),
        "flapping": drop("RunsStuckAlarm/Properties/TreatMissingData"),
    },
    test_watching.test_operators_and_datasets_subscribers_have_topics_apart: {
        "mixed": put("OperatorsByMail/Properties/TopicArn", {"Ref": "Notices"}),
    },
    test_watching.test_the_first_reader_gets_each_mail_from_sns_or_from_the_sender_and_not_from_both: {
        "both": drop("NoticesByMail/Condition"),
    },
    test_watching.test_runs_that_fail_hang_or_cannot_start_and_mails_that_fail_raise_alarms: {
        "no alarm": drop("StartsRefusedAlarm"),
    },
    test_watching.test_every_function_has_alarms_for_errors_and_throttles: {
        "no alarm": drop("ReportFailureThrottlesAlarm"),
    },
    test_watching.test_a_timer_is_old_only_beyond_its_longest_delay_and_a_dead_claim: {
        "early": put("SettleQueueAgeAlarm/Properties/Threshold", 900),
    },
    test_watching.test_the_dashboard_shows_every_queue_and_every_functions_errors_throttles_and_duration: {
        "queue": dashboard("${NoticeDeadLetters.QueueName}", "${EventDeadLetters.QueueName}"),
    },
    test_watching.test_no_two_widgets_of_the_dashboard_overlap_and_none_leaves_the_page: {
        "overlap": dashboard('"x": 12, "y": 0', '"x": 11, "y": 0'),
    },
    test_watching.test_the_runbook_says_what_to_do_about_every_alarm_and_dead_letter_queue: {
        "alarm": put("NewAlarm", alarm()),
    },
}


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        pytest.param(rule, fault, id=f"{rule.__name__}-{what}")
        for rule, faults in MUTANTS.items()
        for what, fault in faults.items()
    ],
)
def test_a_template_that_breaks_a_rule_is_caught_by_it(stack: Stack, rule: Rule, fault: Fault) -> None:
    mutant = stack.copy()
    fault(mutant)
    with pytest.raises(AssertionError):
        rule(mutant)


def test_every_rule_is_shown_to_fail() -> None:
    about_the_template = {
        rule
        for module in MODULES
        for name, rule in vars(module).items()
        if name.startswith("test_") and "stack" in rule.__annotations__
    }
    assert about_the_template == set(MUTANTS)
