"""Who may do what: no more than needed, for us only, and no `*` without a written reason."""

import json

from tests.template.stack import Stack, as_list, target, text

# Every action that is allowed on the resource "*", with the reason.
WILDCARDS = {
    "xray:PutTraceSegments": "X-Ray has no resources",
    "xray:PutTelemetryRecords": "X-Ray has no resources",
    "cloudwatch:PutMetricData": "CloudWatch metrics have no resources; the namespace is a condition",
    "ecr:GetAuthorizationToken": "a registry login has no resource",
    "ec2:CreateNetworkInterface": "only in a VPC: the interface does not exist yet; never from the function's code",
    "ec2:DescribeNetworkInterfaces": "only in a VPC: lists have no resources",
    "ec2:DescribeSubnets": "only in a VPC: lists have no resources",
    "ec2:DeleteNetworkInterface": "only in a VPC: Lambda names the interface; never from the function's code",
    "ec2:AssignPrivateIpAddresses": "only in a VPC: Lambda names the interface; never from the function's code",
    "ec2:UnassignPrivateIpAddresses": "only in a VPC: Lambda names the interface; never from the function's code",
}
# Service principals without a condition, with the reason.
UNCONDITIONED = {"lambda.amazonaws.com": "a role is passed to functions of its own account only"}
OURS = ("aws:SourceArn", "aws:SourceAccount", "kms:EncryptionContext:aws:logs:arn")


def test_no_statement_allows_every_action(stack: Stack) -> None:
    for name, statement in stack.statements():
        assert not [action for action in as_list(statement["Action"]) if "*" in action], name


def test_no_statement_is_about_every_resource_without_a_written_reason(stack: Stack) -> None:
    for name, statement in stack.statements():
        if "*" in as_list(statement["Resource"]):
            assert set(as_list(statement["Action"])) <= set(WILDCARDS), name


def test_no_managed_policy_is_attached(stack: Stack) -> None:
    for name, role in stack.of_type("AWS::IAM::Role").items():
        assert not role.get("ManagedPolicyArns"), name


def test_a_service_may_act_for_our_account_or_resource_only(stack: Stack) -> None:
    for name, statement in stack.resource_statements():
        if isinstance(statement["Principal"], dict) and "Service" in statement["Principal"]:
            service = text(statement["Principal"]["Service"])
            if service in UNCONDITIONED:
                assert statement["Action"] == "sts:AssumeRole", name
                continue
            tested = {key for test in statement.get("Condition", {}).values() for key in test}
            assert tested & set(OURS), (name, service)
            # An ARN with our account in it; with none in it (a bucket's) the account must be tested beside it.
            assert "aws:SourceAccount" in tested or "AWS::AccountId" in json.dumps(statement["Condition"]), name


def test_everybody_may_only_be_refused_and_calls_one_function_through_the_http_api_alone(stack: Stack) -> None:
    for name, statement in stack.resource_statements():
        assert statement["Principal"] != "*" or statement["Effect"] == "Deny", name
    public = {}
    for name, permission in stack.of_type("AWS::Lambda::Permission").items():
        assert permission["Principal"] != "*", name
        assert permission.get("SourceArn"), name
        assert permission.get("SourceAccount") == {"Ref": "AWS::AccountId"}, name
        if permission["Principal"] == "apigateway.amazonaws.com":
            public[target(permission["FunctionName"])] = text(permission["SourceArn"])
    assert list(public) == ["Web"]
    assert public["Web"].endswith(":<WebApi>/*")


def test_mails_may_be_sent_by_one_function_as_one_sender_and_only_where_there_is_one(stack: Stack) -> None:
    sending = [s for _, s in stack.statements() if any(a.startswith("ses:") for a in as_list(s["Action"]))]
    policy = stack.properties("SendMailAsSender")
    assert sending == policy["PolicyDocument"]["Statement"]
    assert policy["Roles"] == [{"Ref": stack.role_of("SendMail")}]
    assert stack.resources["SendMailAsSender"].get("Condition") == "HasMailSender"
    (statement,) = sending
    assert text(statement["Resource"]).endswith(":identity/<MailSender>")
    assert statement.get("Condition") == {"StringEquals": {"ses:FromAddress": {"Ref": "MailSender"}}}


def test_runs_may_be_started_of_one_pipeline_by_one_function_only(stack: Stack) -> None:
    starting = {n: s for n, s in stack.statements() if "sagemaker:StartPipelineExecution" in as_list(s["Action"])}
    assert list(starting) == ["StartRunRole"]
    assert text(starting["StartRunRole"]["Resource"]).endswith(":pipeline/<Pipeline>")


def test_nobody_but_the_jobs_may_delete_and_they_only_checkpoints(stack: Stack) -> None:
    deleting = [
        (name, action, text(statement["Resource"]))
        for name, statement in stack.statements()
        for action in as_list(statement["Action"])
        if "Delete" in action and action not in {"sqs:DeleteMessage", "ec2:DeleteNetworkInterface"}
    ]
    assert deleting == [("PipelineRole", "s3:DeleteObject", "<Bucket.Arn>/checkpoints/*")]


def test_a_role_is_passed_to_sagemaker_only(stack: Stack) -> None:
    passing = [s for _, s in stack.statements() if "iam:PassRole" in as_list(s["Action"])]
    assert [s.get("Condition") for s in passing] == [
        {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    ]
