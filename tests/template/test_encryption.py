"""One key of ours encrypts what is kept; whoever touches that may use the key, through that service and no other."""

from tests.template.stack import Stack, Statement, as_list, text

# Actions that make a service use the key with the caller's rights, and whether the service then makes new data keys.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html and its like
USES = {
    "s3:GetObject": ("s3", False),
    "s3:GetObjectVersion": ("s3", False),
    "s3:PutObject": ("s3", True),
    "sqs:ReceiveMessage": ("sqs", False),
    "sqs:SendMessage": ("sqs", True),
    "sns:Publish": ("sns", True),
    "dynamodb:GetItem": ("dynamodb", False),
    "dynamodb:BatchGetItem": ("dynamodb", False),
    "dynamodb:Query": ("dynamodb", False),
    "dynamodb:PutItem": ("dynamodb", False),
    "dynamodb:UpdateItem": ("dynamodb", False),
}
# Actions on the same things that touch no content.
NO_CONTENT = {
    "s3:ListBucket",
    "s3:ListBucketVersions",
    "s3:DeleteObject",
    "s3:AbortMultipartUpload",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
}
OUR_KEY = "<Key.Arn>"


def test_every_bucket_table_queue_topic_and_log_group_is_under_our_key(stack: Stack) -> None:
    under: dict[str, object] = {}
    for name, bucket in stack.of_type("AWS::S3::Bucket").items():
        for rule in bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]:
            by_default = rule["ServerSideEncryptionByDefault"]
            assert by_default["SSEAlgorithm"] == "aws:kms", name
            assert rule["BucketKeyEnabled"] is True, name
            under[name] = by_default["KMSMasterKeyID"]
    for name, table in stack.of_type("AWS::DynamoDB::Table").items():
        assert table["SSESpecification"]["SSEType"] == "KMS", name
        under[name] = table["SSESpecification"]["KMSMasterKeyId"]
    for name, thing in stack.of_type("AWS::SQS::Queue", "AWS::SNS::Topic").items():
        under[name] = thing.get("KmsMasterKeyId", "none")
    for name, group in stack.of_type("AWS::Logs::LogGroup").items():
        under[name] = group.get("KmsKeyId", "none")
    assert {name: text(key) for name, key in under.items() if text(key) != OUR_KEY} == {}


def test_every_key_is_rotated_where_kms_can_and_ours_outlives_the_stack(stack: Stack) -> None:
    for name, key in stack.of_type("AWS::KMS::Key").items():
        assert key.get("EnableKeyRotation") or key.get("KeySpec") == "HMAC_256", name
    assert stack.resources["Key"]["DeletionPolicy"] == stack.resources["Key"]["UpdateReplacePolicy"] == "Retain"


def test_a_role_may_use_the_key_for_exactly_what_it_reads_and_writes(stack: Stack) -> None:
    needed: dict[str, tuple[set[str], set[str]]] = {}
    granted: dict[str, tuple[set[str], set[str]]] = {}
    for role, statement in stack.statements():
        for action in as_list(statement["Action"]):
            if action.startswith("kms:") and OUR_KEY in map(text, as_list(statement["Resource"])):
                _, services = granted.setdefault(role, (set(), set()))
                granted[role][0].add(action)
                services |= set(map(text, as_list(statement["Condition"]["StringEquals"]["kms:ViaService"])))
            elif action.split(":")[0] in {"s3", "sqs", "sns", "dynamodb"} and action not in NO_CONTENT:
                service, makes_keys = USES[action]
                actions, services = needed.setdefault(role, ({"kms:Decrypt"}, set()))
                services.add(f"{service}.<AWS::Region>.amazonaws.com")
                actions |= {"kms:GenerateDataKey"} if makes_keys else set()
                # The table's key is looked up, too, before it is used.
                actions |= {"kms:DescribeKey"} if service == "dynamodb" else set()
    assert granted == needed


def test_a_service_that_reaches_encrypted_things_by_itself_may_use_the_key_and_no_other_may(stack: Stack) -> None:
    reaching = {"logs.<AWS::Region>.amazonaws.com"}  # log groups
    for _, statement in stack.resource_statements():  # queues and topics that a service sends to
        if set(as_list(statement["Action"])) & {"sqs:SendMessage", "sns:Publish"} and statement["Effect"] == "Allow":
            reaching.add(statement["Principal"]["Service"])
    allowed = {
        text(s["Principal"]["Service"]): s
        for name, s in stack.resource_statements()
        if name == "Key" and "Service" in s["Principal"]
    }
    assert set(allowed) == reaching
    for service, statement in allowed.items():
        actions = set(as_list(statement["Action"]))
        assert {"kms:Decrypt", "kms:GenerateDataKey"} <= actions, service
        assert not any("*" in action for action in actions), service


def test_bucket_topics_and_queues_refuse_plain_http(stack: Stack) -> None:
    def refuses(statement: Statement) -> bool:
        return (
            statement["Effect"] == "Deny"
            and statement["Principal"] == "*"
            and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        )

    policies = stack.of_type("AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy")
    covered: list[str] = []
    for name, policy in policies.items():
        assert any(refuses(statement) for statement in policy["PolicyDocument"]["Statement"]), name
        things = policy.get("Queues") or policy.get("Topics") or [policy["Bucket"]]
        covered += [thing["Ref"] for thing in things]
    things = stack.of_type("AWS::S3::Bucket", "AWS::SNS::Topic", "AWS::SQS::Queue")
    assert sorted(covered) == sorted(things), "each has one policy, since a second would replace the first"
