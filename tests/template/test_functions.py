"""Every function: a role, a log group and a folder of its own, and the network that the deployer chose."""

import re

from tests.template.stack import ROOT, Stack, as_list, branches, target, text
from workshop.estimates.prices import price_list

NOTHING = {"Ref": "AWS::NoValue"}


def test_every_function_has_its_own_role_and_log_group_with_retention(stack: Stack) -> None:
    functions = stack.of_type("AWS::Lambda::Function")
    assert len({stack.role_of(name) for name in functions}) == len(functions)
    assert len({text(f["LoggingConfig"]["LogGroup"]) for f in functions.values()}) == len(functions)
    for name, function in functions.items():
        group = target(function["LoggingConfig"]["LogGroup"])
        assert stack.resources[group]["Type"] == "AWS::Logs::LogGroup", name
        assert stack.properties(group).get("RetentionInDays"), name


def test_every_function_is_traced_has_the_layer_and_counts_under_its_own_name(stack: Stack) -> None:
    functions = stack.of_type("AWS::Lambda::Function")
    for name, function in functions.items():
        assert function.get("TracingConfig") == {"Mode": "Active"}, name
        assert function.get("Layers"), name
    services = {text(f["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]) for f in functions.values()}
    assert len(services) == len(functions)
    assert all(service.startswith("<AWS::StackName>-") for service in services), "a second stack counts apart"


def test_the_layer_is_built_for_the_python_that_every_function_runs_on(stack: Stack) -> None:
    built = re.search(r"(?m)^RUNTIME := (\S+)$", (ROOT / "layers" / "workshop" / "Makefile").read_text())
    assert built is not None
    runtime = f"python{built[1]}"
    assert {f.get("Runtime") for f in stack.of_type("AWS::Lambda::Function").values()} == {runtime}
    assert [v["CompatibleRuntimes"] for v in stack.of_type("AWS::Lambda::LayerVersion").values()] == [[runtime]]


def test_every_function_folder_is_deployed_and_every_deployed_function_has_a_folder(stack: Stack) -> None:
    deployed = {
        r["Properties"]["CodeUri"].rstrip("/")
        for r in stack.source["Resources"].values()
        if r["Type"] == "AWS::Serverless::Function"
    }
    assert deployed == {f"functions/{path.parent.name}" for path in (ROOT / "functions").glob("*/app.py")}


def test_every_function_is_in_the_vpc_and_may_have_interfaces_there_or_neither(stack: Stack) -> None:
    for name, function in stack.of_type("AWS::Lambda::Function").items():
        condition, inside, outside = function.get("VpcConfig", {"Fn::If": [None, None, None]})["Fn::If"]
        assert (condition, outside) == ("InVpc", NOTHING), name
        assert inside == {"SubnetIds": {"Ref": "SubnetIds"}, "SecurityGroupIds": {"Ref": "SecurityGroupIds"}}, name
        policies = stack.properties(stack.role_of(name))["Policies"]
        conditional = [policy["Fn::If"] for policy in policies if "Fn::If" in policy]
        assert [(c, without) for c, _, without in conditional] == [("InVpc", NOTHING)], name


def test_interfaces_are_for_lambda_itself_and_not_for_the_functions_code(stack: Stack) -> None:
    for role, properties in stack.of_type("AWS::IAM::Role").items():
        always = [policy for policy in properties.get("Policies", []) if "Fn::If" not in policy]
        for policy in branches(properties.get("Policies", [])):
            for statement in policy["PolicyDocument"]["Statement"]:
                if any(action.startswith("ec2:") for action in as_list(statement["Action"])):
                    assert policy not in always, role
                    assert statement["Condition"] == {"Null": {"lambda:SourceFunctionArn": "true"}}, role


def test_no_function_has_an_address_of_its_own(stack: Stack) -> None:
    """Whoever is nobody comes in by the HTTP API; and AWS China has no function URLs."""
    assert [name for name, r in stack.resources.items() if r["Type"] == "AWS::Lambda::Url"] == []
    assert [n for n, r in stack.source["Resources"].items() if "FunctionUrlConfig" in r.get("Properties", {})] == []


def test_an_address_that_anybody_may_call_cannot_take_every_execution_of_the_account(stack: Stack) -> None:
    for integration in stack.of_type("AWS::ApiGatewayV2::Integration").values():
        function = stack.properties(target(integration["IntegrationUri"]))
        condition, limit, unlimited = function.get("ReservedConcurrentExecutions", {"Fn::If": [None] * 3})["Fn::If"]
        assert unlimited == NOTHING
        assert 1 <= stack.default(limit) <= 50
        # In an account whose quota is the least there is, none may be reserved: the deployer must be able to say so.
        off = stack.translated["Conditions"][condition]["Fn::Not"][0]["Fn::Equals"]
        assert (off, stack.translated["Parameters"][limit["Ref"]]["MinValue"]) == ([limit, "0"], 0)


def test_start_run_knows_what_a_run_may_cost(stack: Stack) -> None:
    variables = stack.properties("StartRun")["Environment"]["Variables"]
    assert variables.get("ALLOWED_TRAIN_INSTANCES") == {"Fn::Join": [",", {"Ref": "AllowedTrainInstances"}]}
    assert variables.get("ALLOWED_TRAIN_OPTIONS") == {"Fn::Join": [",", {"Ref": "AllowedTrainOptions"}]}
    assert variables.get("MAX_RUN_COST") == {"Ref": "MaxRunCost"}
    assert variables.get("OVERRIDES_MAY_EXCEED_CAPS") == {"Ref": "OverridesMayExceedCaps"}
    assert stack.translated["Parameters"]["OverridesMayExceedCaps"]["Default"] == "false"
    parameters = stack.translated["Parameters"]
    allowed = parameters["AllowedTrainInstances"]["Default"].split(",")
    assert parameters["TrainInstanceType"]["Default"] in allowed
    assert all((price_list().price("us-east-1", kind) or 0) > 0 for kind in allowed)
    # What lengthens or enlarges a training is no artist's to choose unless the deployer says so.
    assert parameters["AllowedTrainOptions"]["Default"] == "aug,augpipe,gamma,p,target"
