"""The one address that anybody may call: what is behind it, and what it cannot do."""

from tests.template.stack import Stack, target
from workshop.web.routes import CHECKED_ROUTE

PUBLIC = "HasWebApp"
NOTHING = {"Ref": "AWS::NoValue"}


def test_without_a_web_app_nothing_has_an_address_of_its_own(stack: Stack) -> None:
    names = [name for name in stack.resources if stack.resources[name]["Type"].startswith("AWS::ApiGatewayV2::")]
    assert names
    assert {stack.resources[name].get("Condition") for name in (*names, "WebPermission")} == {PUBLIC, "HasOidc"}
    assert {"Condition": PUBLIC} in stack.translated["Conditions"]["HasOidc"]["Fn::And"]


def test_the_apis_routes_are_written_out_and_lead_to_one_function(stack: Stack) -> None:
    """The embedded AWS makes no routes of an OpenAPI document, which is what SAM's HttpApi and a Body are."""
    assert not [api for api in stack.of_type("AWS::ApiGatewayV2::Api").values() if "Body" in api]
    routes = stack.of_type("AWS::ApiGatewayV2::Route").values()
    assert {route["RouteKey"]: route["AuthorizationType"] for route in routes} == {
        "$default": "NONE",
        CHECKED_ROUTE: "JWT",
    }
    (integration,) = stack.of_type("AWS::ApiGatewayV2::Integration").values()
    assert target(integration["IntegrationUri"]) == "Web"
    assert integration["PayloadFormatVersion"] == "2.0"


def test_who_floods_the_app_is_slowed_down_and_cannot_take_every_execution(stack: Stack) -> None:
    (stage,) = stack.of_type("AWS::ApiGatewayV2::Stage").values()
    settings = stage["DefaultRouteSettings"]
    assert settings["ThrottlingRateLimit"] == settings["ThrottlingBurstLimit"] == {"Ref": "WebRequestsPerSecond"}
    assert 1 <= stack.default({"Ref": "WebRequestsPerSecond"}) <= 100
    condition, limit, unlimited = stack.properties("Web")["ReservedConcurrentExecutions"]["Fn::If"]
    assert (unlimited, 1 <= stack.default(limit) <= 50) == (NOTHING, True)
    off = stack.translated["Conditions"][condition]["Fn::Not"][0]["Fn::Equals"]
    assert (off, stack.translated["Parameters"][limit["Ref"]]["MinValue"]) == ([limit, "0"], 0)


def test_the_apis_log_holds_neither_addresses_nor_who_asked(stack: Stack) -> None:
    (stage,) = stack.of_type("AWS::ApiGatewayV2::Stage").values()
    form = stage["AccessLogSettings"]["Format"]
    for secret in ("path", "Path", "routeKey", "identity", "Ip", "query", "header"):
        assert secret not in form


def test_the_bucket_answers_pages_of_the_app_and_of_those_that_may_embed_it_only(stack: Stack) -> None:
    condition, cors, without = stack.properties("Bucket")["CorsConfiguration"]["Fn::If"]
    assert (condition, without) == (PUBLIC, NOTHING)
    (rule,) = cors["CorsRules"]
    assert rule["AllowedMethods"] == ["GET", "POST"]
    assert rule["AllowedHeaders"] == []
    app = {"Fn::If": ["OwnAppDomain", {"Ref": "AppBaseUrl"}, {"Fn::GetAtt": ["WebApi", "ApiEndpoint"]}]}
    embedding = {"Fn::Split": [",", {"Fn::Join": [",", [app, {"Fn::Join": [",", {"Ref": "EmbeddingOrigins"}]}]]}]}
    assert rule["AllowedOrigins"] == {"Fn::If": ["HasEmbedding", embedding, [app]]}


def test_the_app_may_write_what_artists_upload_and_wish_and_nothing_else(stack: Stack) -> None:
    written = [
        resource
        for role, statement in stack.statements()
        if role == "WebRole" and "s3:PutObject" in statement["Action"]
        for resource in statement["Resource"]
    ]
    assert written == [{"Fn::Sub": f"${{Bucket.Arn}}/{path}"} for path in ("uploads/*", "inference/*", "runs/*/finish")]
