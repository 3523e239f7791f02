"""A function's environment: complete and in bounds, or refused by name before anything is done."""

import pytest

from tests.unit.conftest import ENVIRONMENT, REGION
from workshop.config import ListenerConfig, ReportConfig, StartRunConfig, UploadTriggerConfig
from workshop.estimates.prices import price_list
from workshop.platform.errors import ConfigError

COMPLETE = ENVIRONMENT | {"SETTLE_QUEUE_URL": "https://queue", "TOPIC_ARN": "arn:topic", "LINK_KEY_ID": "key"}
NEEDED = {
    UploadTriggerConfig: ["TABLE", "SETTLE_QUEUE_URL", "QUIET_SECONDS", "TOPIC_ARN"],
    ListenerConfig: [
        *("BUCKET", "TABLE", "TOPIC_ARN", "SETTLE_QUEUE_URL", "REPORT_SUCCESS_FUNCTION", "REPORT_FAILURE_FUNCTION")
    ],
    ReportConfig: ["BUCKET", "TABLE", "TOPIC_ARN"],
    StartRunConfig: [
        *("BUCKET", "TABLE", "SETTLE_QUEUE_URL", "TOPIC_ARN", "PIPELINE_NAME", "QUIET_SECONDS", "LEASE_SECONDS"),
        "AWS_REGION",
        *("MAX_CONCURRENT_RUNS", "MIN_IMAGES", "DEFAULT_PRESET", "PROCESS_IMAGE", "TRAIN_IMAGE", "INFERENCE_IMAGE"),
        *("INFERENCE_CODE_PATH", "WARM_START_MODEL", "PROCESS_INSTANCE_TYPE", "TRAIN_INSTANCE_TYPE"),
        *(
            "INFERENCE_INSTANCE_TYPE",
            "PATIENCE",
            "MAX_TRAIN_SECONDS",
            "ALLOWED_TRAIN_INSTANCES",
            "MAX_RUN_COST",
            "REPORT_SUCCESS_FUNCTION",
            "REPORT_FAILURE_FUNCTION",
        ),
    ],
}


@pytest.mark.parametrize(("config", "name"), [(c, name) for c, names in NEEDED.items() for name in names])
@pytest.mark.parametrize("value", [None, "", " "])
def test_a_missing_variable_is_named(config: type, name: str, value: str | None) -> None:
    variables = {k: v for k, v in COMPLETE.items() if k != name} | ({} if value is None else {name: value})
    with pytest.raises(ConfigError, match=name):
        config.from_env(variables)  # type: ignore[attr-defined]


@pytest.mark.parametrize("config", NEEDED)
def test_what_is_listed_here_is_enough(config: type) -> None:
    config.from_env({name: COMPLETE[name] for name in NEEDED[config]})  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("QUIET_SECONDS", "0"),
        ("QUIET_SECONDS", "ten"),
        ("QUIET_SECONDS", "1.5"),
        ("QUIET_SECONDS", "nan"),
        ("MAX_CONCURRENT_RUNS", "inf"),
        ("DEFAULT_KIMG", "-1"),
        ("MAX_TRAIN_SECONDS", "432001"),
        ("PATIENCE", "-1"),
        ("PATIENCE", "0.5"),
        ("DEFAULT_PRESET", "huge"),
        ("NOTICE_LANGUAGE", "fr"),
        ("NOTICE_LANGUAGE", "DE"),
        ("MAX_RUN_COST", "0"),
        ("ALLOWED_TRAIN_INSTANCES", "ml.g5.xlarge,ml.x1.xlarge"),
        ("ALLOWED_TRAIN_INSTANCES", "ml.g5.xlarge=cheap"),
        ("ALLOWED_TRAIN_INSTANCES", "ml.g5.xlarge=1.41,,"),
        ("ALLOWED_TRAIN_OPTIONS", "gamma,kimg"),
        ("TRAIN_INSTANCE_TYPE", "ml.p5.48xlarge"),
        ("OVERRIDES_MAY_EXCEED_CAPS", "yes"),
    ],
)
def test_a_variable_out_of_bounds_is_named(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        StartRunConfig.from_env(COMPLETE | {name: value})


def test_optional_variables_may_be_missing_or_empty() -> None:
    optional = ("DEFAULT_KIMG", "NOTICE_LANGUAGE", "LINK_KEY_ID", "ALLOWED_TRAIN_OPTIONS")
    without = {k: v for k, v in COMPLETE.items() if k not in optional}
    assert StartRunConfig.from_env(without).default_kimg is None
    assert StartRunConfig.from_env(without | {"DEFAULT_KIMG": "2.5"}).default_kimg == 2.5
    assert StartRunConfig.from_env(without).notice_language == "en"
    assert StartRunConfig.from_env(without | {"NOTICE_LANGUAGE": "de"}).notice_language == "de"
    assert StartRunConfig.from_env(without).caps.train_options == ()
    assert StartRunConfig.from_env(without | {"ALLOWED_TRAIN_OPTIONS": "p, aug"}).caps.train_options == ("p", "aug")
    assert StartRunConfig.from_env(without).overrides_may_exceed_caps is False
    assert StartRunConfig.from_env(without | {"OVERRIDES_MAY_EXCEED_CAPS": "true"}).overrides_may_exceed_caps is True


def test_a_price_that_is_given_goes_before_the_lists_and_the_list_is_the_regions() -> None:
    caps = StartRunConfig.from_env(COMPLETE | {"ALLOWED_TRAIN_INSTANCES": "ml.g5.xlarge, ml.g4dn.xlarge=9.5"}).caps
    assert caps.prices == {"ml.g5.xlarge": price_list().price(REGION, "ml.g5.xlarge"), "ml.g4dn.xlarge": 9.5}
    assert caps.prices["ml.g5.xlarge"] > (price_list().price("us-east-1", "ml.g5.xlarge") or 0) > 0
    assert caps.unpriced == set()


def test_in_a_region_that_the_list_does_not_have_runs_are_bounded_and_no_price_is_told() -> None:
    """The bound is dearer than anything that is known, so that a run ends earlier rather than later."""
    variables = COMPLETE | {"ALLOWED_TRAIN_INSTANCES": "ml.g5.xlarge", "AWS_REGION": "xx-new-1"}
    caps = StartRunConfig.from_env(variables | {"MAX_RUN_COST": "10"}).caps
    assert caps.prices["ml.g5.xlarge"] > max(
        price_list().price(region, "ml.g5.xlarge") or 0 for region in ("us-east-1", REGION, "sa-east-1")
    )
    assert caps.price("ml.g5.xlarge") == 0
    assert caps.job_seconds("ml.g5.xlarge") < 10 / 1.41 * 3600 / 1.5


def test_a_type_without_any_price_is_refused_with_what_to_write() -> None:
    with pytest.raises(ConfigError, match=r"ml\.x1\.xlarge, of which no price is known: give one, as in ml\.x1\."):
        StartRunConfig.from_env(COMPLETE | {"ALLOWED_TRAIN_INSTANCES": "ml.g5.xlarge,ml.x1.xlarge"})
