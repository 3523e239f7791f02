"""What is kept: privately, for as long as somebody chose, and tagged so that its cost can be seen."""

import json

from tests.template.stack import Stack

TAGS = [{"Key": "application", "Value": "image-workshop"}, {"Key": "stack", "Value": {"Ref": "AWS::StackName"}}]
# Types in the template that take tags (cfn-lint's schemas: `tagging.taggable`), with the property's name ...
TAGGED = {
    "AWS::ApiGatewayV2::Api": "Tags",
    "AWS::ApiGatewayV2::Stage": "Tags",
    "AWS::Budgets::Budget": "ResourceTags",
    "AWS::CloudWatch::Alarm": "Tags",
    "AWS::CloudWatch::Dashboard": "Tags",
    "AWS::DynamoDB::Table": "Tags",
    "AWS::Events::Rule": "Tags",
    "AWS::IAM::Role": "Tags",
    "AWS::KMS::Key": "Tags",
    "AWS::Lambda::Function": "Tags",
    "AWS::Logs::LogGroup": "Tags",
    "AWS::S3::Bucket": "Tags",
    "AWS::SNS::Topic": "Tags",
    "AWS::SQS::Queue": "Tags",
    "AWS::Scheduler::ScheduleGroup": "Tags",
}
# ... and those that take none, or (event source mappings) get none from SAM and cost nothing.
UNTAGGED = {
    "AWS::ApiGatewayV2::Authorizer",
    "AWS::ApiGatewayV2::Integration",
    "AWS::ApiGatewayV2::Route",
    "AWS::IAM::Policy",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::LayerVersion",
    "AWS::Lambda::Permission",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::Scheduler::Schedule",
}


def test_data_and_the_key_to_it_outlive_the_stack(stack: Stack) -> None:
    for name in (*stack.of_type("AWS::S3::Bucket", "AWS::DynamoDB::Table"), "Key"):
        assert stack.resources[name].get("DeletionPolicy") == "Retain", name
        assert stack.resources[name].get("UpdateReplacePolicy") == "Retain", name


def test_every_bucket_is_private_versioned_and_tells_eventbridge(stack: Stack) -> None:
    for name, bucket in stack.of_type("AWS::S3::Bucket").items():
        blocked = bucket["PublicAccessBlockConfiguration"]
        assert set(blocked.values()) == {True}, name
        assert len(blocked) == 4, name
        assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}, name
        assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}, name
        assert bucket["NotificationConfiguration"] == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}, name


def test_what_nobody_needs_any_more_expires_after_days_that_a_parameter_says(stack: Stack) -> None:
    rules = stack.properties("Bucket")["LifecycleConfiguration"]["Rules"]
    whole = [rule for rule in rules if "Prefix" not in rule]
    assert [rule.get("NoncurrentVersionExpiration") for rule in whole] == [
        {"NoncurrentDays": {"Ref": "KeepReplacedDays"}}
    ]
    assert all(rule.get("AbortIncompleteMultipartUpload") for rule in whole)
    expiring = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "ExpirationInDays" in rule}
    assert expiring == {"checkpoints/": {"Ref": "KeepCheckpointsDays"}}, "uploads, manifests and runs are never expired"
    assert {rule["Status"] for rule in rules} == {"Enabled"}


def test_nothing_expires_while_a_run_may_still_read_it(stack: Stack) -> None:
    parameters = stack.translated["Parameters"]
    longest_training_days = parameters["MaxTrainSeconds"]["MaxValue"] / 86_400
    for name in ("KeepReplacedDays", "KeepCheckpointsDays"):
        assert parameters[name].get("MinValue", 0) > longest_training_days, name


def test_every_table_can_be_restored_and_forgets_by_itself(stack: Stack) -> None:
    for name, table in stack.of_type("AWS::DynamoDB::Table").items():
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}, name
        assert table["TimeToLiveSpecification"]["Enabled"] is True, name


def test_everything_that_takes_tags_carries_the_applications_and_the_stacks(stack: Stack) -> None:
    for name, resource in stack.resources.items():
        if resource["Type"] not in UNTAGGED:
            assert resource["Type"] in TAGGED, f"{resource['Type']}: does it take tags?"
            tags = resource["Properties"].get(TAGGED[resource["Type"]], [])
            if isinstance(tags, dict):  # as some services write them
                tags = [{"Key": key, "Value": value} for key, value in tags.items()]
            assert [tag for tag in tags if tag in TAGS] == TAGS, name


def test_the_budget_counts_what_carries_the_stacks_tag(stack: Stack) -> None:
    for name, budget in stack.of_type("AWS::Budgets::Budget").items():
        filters = budget["Budget"].get("CostFilters", {})
        assert filters == {"TagKeyValue": [{"Fn::Join": ["$", ["user:stack", {"Ref": "AWS::StackName"}]]}]}, name
        assert json.dumps(budget["NotificationsWithSubscribers"]).count('"OperatorEmail"') == 2, name


def test_nothing_is_paid_or_mailed_for_operators_that_there_are_not(stack: Stack) -> None:
    conditions = {name: r.get("Condition") for name, r in stack.resources.items() if "OperatorEmail" in json.dumps(r)}
    assert conditions == {"OperatorsByMail": "HasOperator", "Budget": "HasBudget"}
    assert stack.translated["Conditions"]["HasBudget"] == {
        "Fn::And": [{"Condition": "HasOperator"}, {"Fn::Not": [{"Fn::Equals": [{"Ref": "MonthlyBudget"}, "0"]}]}]
    }


def test_the_pipeline_is_not_in_the_template(stack: Stack) -> None:
    assert not [name for name, r in stack.resources.items() if r["Type"].startswith("AWS::SageMaker::")]
