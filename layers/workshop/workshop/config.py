"""The environment of each function, read once, checked, typed. A missing or bad variable fails by its name."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from contract.names import DATASET_NAME, FALLBACK_LANGUAGE, LANGUAGES
from contract.pipeline import PARAMETERS
from contract.train_options import TRAIN_OPTIONS
from workshop.dataset import Caps
from workshop.dataset.settings import MIN_JOB_SECONDS, PRESETS
from workshop.estimates.prices import PriceList, price_list
from workshop.platform.errors import ConfigError

DAY = 86_400

_MACHINE = re.compile(r"(?P<type>ml\.[a-z0-9-]+\.[a-z0-9-]+)(=(?P<price>[0-9]{1,4}(\.[0-9]{1,4})?))?")

_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?/?")


class Environment:
    """Typed access to environment variables."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def text(self, name: str) -> str:
        """A variable that must be there and not empty."""
        value = self._variables.get(name, "").strip()
        if not value:
            raise ConfigError(f"The environment variable {name} is missing or empty.")
        return value

    def optional(self, name: str) -> str:
        """A variable that may be missing or empty: then ""."""
        return self._variables.get(name, "").strip()

    def whole(self, name: str, low: float, high: float) -> int:
        """A whole number from `low` to `high`."""
        number = self.number(name, low, high)
        if number != int(number):
            raise ConfigError(f"The environment variable {name} must be a whole number, not {number}.")
        return int(number)

    def number(self, name: str, low: float, high: float) -> float:
        """A number from `low` to `high`."""
        value = self.text(name)
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if not low <= number <= high:  # also refuses nan
            raise ConfigError(f"The environment variable {name} must be from {low} to {high}, not {value!r}.")
        return number

    def address(self, name: str) -> str:
        """The address of a web server, with a slash at its end; "" if there is none."""
        value = self.optional(name)
        if not value:
            return ""
        if not _ADDRESS.fullmatch(value):
            raise ConfigError(f"The environment variable {name} must be like https://host/, not {value!r}.")
        return f"{value.rstrip('/')}/"

    def flag(self, name: str) -> bool:
        """true or false; missing or empty: false."""
        value = self.optional(name) or "false"
        if value not in ("true", "false"):
            raise ConfigError(f"The environment variable {name} must be true or false, not {value!r}.")
        return value == "true"

    def language(self, name: str) -> str:
        """The language of notices for which nobody has chosen one."""
        language = self.optional(name) or FALLBACK_LANGUAGE
        if language not in LANGUAGES:
            raise ConfigError(
                f"The environment variable {name} must be one of {', '.join(LANGUAGES)}, not {language!r}."
            )
        return language

    def train_options(self, name: str) -> tuple[str, ...]:
        """Names of the trainer's options, with commas between them; missing or empty: none."""
        options = tuple(option.strip() for option in self.optional(name).split(",") if option.strip())
        if unknown := [option for option in options if option not in TRAIN_OPTIONS]:
            raise ConfigError(
                f"The environment variable {name} names no option of the trainer with {unknown[0]!r}; there are "
                f"{', '.join(TRAIN_OPTIONS)}."
            )
        return options

    def prices(self, name: str, region: str, known: PriceList) -> tuple[dict[str, float], frozenset[str]]:
        """Instance types with their prices in dollars per hour, "ml.g5.xlarge,ml.g5.2xlarge=1.52": the one given, or
        else the price list's for the region. And the types of which that has none in this region: what they have
        instead bounds what a run costs, and is no price to tell. Raises ConfigError for a type that it does not have
        at all: MaxRunCost would bound nothing."""
        prices, unpriced = {}, set()
        for item in self.text(name).split(","):
            match = _MACHINE.fullmatch(item.strip())
            if match is None:
                raise ConfigError(
                    f"The environment variable {name} must be a list like ml.g5.xlarge,ml.g5.2xlarge=1.52, "
                    f"but has {item!r}."
                )
            price = float(match["price"]) if match["price"] else known.price(region, match["type"])
            if price is None:
                price = known.bound(match["type"])
                unpriced.add(match["type"])
            if price is None:
                raise ConfigError(
                    f"The environment variable {name} has {match['type']}, of which no price is known: give one, as in "
                    f"{match['type']}=1.41 (dollars per hour), or add it to estimates/prices.toml."
                )
            prices[match["type"]] = price
        return prices, frozenset(unpriced)


@dataclass(frozen=True)
class UploadTriggerConfig:
    """Environment of upload_trigger."""

    settle_queue_url: str
    quiet_seconds: int
    notice_language: str
    notices: "NoticeConfig"

    @classmethod
    def from_env(cls, variables: Mapping[str, str] = os.environ) -> "UploadTriggerConfig":
        env = Environment(variables)
        return cls(
            settle_queue_url=env.text("SETTLE_QUEUE_URL"),
            quiet_seconds=env.whole("QUIET_SECONDS", 1, DAY),
            notice_language=env.language("NOTICE_LANGUAGE"),
            notices=NoticeConfig.from_env(variables),
        )


@dataclass(frozen=True)
class EndingConfig:
    """What is needed wherever the end of a run is noticed: the listener, and reconcile's repair."""

    settle_queue_url: str
    report_success_function: str
    report_failure_function: str

    @classmethod
    def from_env(cls, variables: Mapping[str, str] = os.environ) -> "EndingConfig":
        env = Environment(variables)
        return cls(
            env.text("SETTLE_QUEUE_URL"), env.text("REPORT_SUCCESS_FUNCTION"), env.text("REPORT_FAILURE_FUNCTION")
        )


@dataclass(frozen=True)
class NoticeConfig:
    """What is needed to publish a notice. `app_url`: the web app's address, with a slash; "": its mails have no links
    that open it."""

    table: str
    topic_arn: str
    app_url: str
    link_key_id: str

    @classmethod
    def from_env(cls, variables: Mapping[str, str] = os.environ) -> "NoticeConfig":
        env = Environment(variables)
        app_url = env.address("APP_URL")
        return cls(env.text("TABLE"), env.text("TOPIC_ARN"), app_url, env.text("LINK_KEY_ID") if app_url else "")


@dataclass(frozen=True)
class StartRunConfig:
    """Environment of start_run."""

    bucket: str
    pipeline_name: str
    quiet_seconds: int
    lease_seconds: int
    max_concurrent_runs: int
    min_images: int
    patience: int
    default_preset: str
    default_kimg: float | None
    notice_language: str
    process_image: str
    train_image: str
    inference_image: str
    inference_code_path: str
    warm_start_model: str
    process_instance_type: str
    train_instance_type: str
    inference_instance_type: str
    region: str
    caps: Caps
    overrides_may_exceed_caps: bool
    notices: NoticeConfig
    ending: EndingConfig

    @classmethod
    def from_env(cls, variables: Mapping[str, str] = os.environ) -> "StartRunConfig":
        env = Environment(variables)
        default_preset = env.text("DEFAULT_PRESET")
        if default_preset not in PRESETS:
            raise ConfigError(
                f"The environment variable DEFAULT_PRESET must be one of {', '.join(PRESETS)}, not {default_preset!r}."
            )
        region = env.text("AWS_REGION")
        prices, unpriced = env.prices("ALLOWED_TRAIN_INSTANCES", region, price_list())
        caps = Caps(
            max_train_seconds=env.whole("MAX_TRAIN_SECONDS", *PARAMETERS["MaxTrainSeconds"].bounds),
            prices=prices,
            max_run_cost=env.number("MAX_RUN_COST", 0.01, 1_000_000),
            train_options=env.train_options("ALLOWED_TRAIN_OPTIONS"),
            unpriced=unpriced,
        )
        kimg = PARAMETERS["Kimg"]
        train_instance_type = env.text("TRAIN_INSTANCE_TYPE")
        if train_instance_type not in caps.prices:
            raise ConfigError(
                f"The environment variable TRAIN_INSTANCE_TYPE is {train_instance_type!r}, which is not one of "
                f"ALLOWED_TRAIN_INSTANCES: {', '.join(caps.prices)}."
            )
        for instance_type in caps.prices:
            if (seconds := caps.job_seconds(instance_type)) < MIN_JOB_SECONDS:
                raise ConfigError(
                    f"The environment variable MAX_RUN_COST buys {seconds} seconds of {instance_type}; a training job "
                    f"needs {MIN_JOB_SECONDS} at least. Allow more, or take the machine out of ALLOWED_TRAIN_INSTANCES."
                )
        return cls(
            bucket=env.text("BUCKET"),
            pipeline_name=env.text("PIPELINE_NAME"),
            quiet_seconds=env.whole("QUIET_SECONDS", 1, DAY),
            lease_seconds=env.whole("LEASE_SECONDS", 1, DAY),
            max_concurrent_runs=env.whole("MAX_CONCURRENT_RUNS", 1, 1000),
            min_images=env.whole("MIN_IMAGES", *PARAMETERS["MinImages"].bounds),
            patience=env.whole("PATIENCE", *PARAMETERS["Patience"].bounds),
            default_preset=default_preset,
            default_kimg=env.number("DEFAULT_KIMG", *kimg.bounds) if env.optional("DEFAULT_KIMG") else None,
            notice_language=env.language("NOTICE_LANGUAGE"),
            process_image=env.text("PROCESS_IMAGE"),
            train_image=env.text("TRAIN_IMAGE"),
            inference_image=env.text("INFERENCE_IMAGE"),
            inference_code_path=env.text("INFERENCE_CODE_PATH"),
            warm_start_model=env.text("WARM_START_MODEL"),
            process_instance_type=env.text("PROCESS_INSTANCE_TYPE"),
            train_instance_type=train_instance_type,
            inference_instance_type=env.text("INFERENCE_INSTANCE_TYPE"),
            region=region,
            caps=caps,
            overrides_may_exceed_caps=env.flag("OVERRIDES_MAY_EXCEED_CAPS"),
            notices=NoticeConfig.from_env(variables),
            ending=EndingConfig.from_env(variables),
        )


@dataclass(frozen=True)
class ListenerConfig:
    """Environment of status_listener."""

    bucket: str
    notices: NoticeConfig
    ending: EndingConfig

    @classmethod
    def from_env(cls, variables: Mapping[str, str] = os.environ) -> "ListenerConfig":
        bucket = Environment(variables).text("BUCKET")
        return cls(bucket, NoticeConfig.from_env(variables), EndingConfig.from_env(variables))


@dataclass(frozen=True)
class ReportConfig:
    """Environment of report_success and report_failure."""

    bucket: str
    notices: NoticeConfig

    @classmethod
    def from_env(cls, variables: Mapping[str, str] = os.environ) -> "ReportConfig":
        return cls(Environment(variables).text("BUCKET"), NoticeConfig.from_env(variables))


@dataclass(frozen=True)
class MailConfig:
    """Environment of send_mail. Mails are `sender`'s; `first_reader` gets all of them."""

    bucket: str
    table: str
    sender: str
    first_reader: str

    @classmethod
    def from_env(cls, variables: Mapping[str, str] = os.environ) -> "MailConfig":
        env = Environment(variables)
        return cls(env.text("BUCKET"), env.text("TABLE"), env.text("MAIL_SENDER"), env.text("NOTIFICATION_EMAIL"))


@dataclass(frozen=True)
class WebConfig:
    """Environment of web_api. Addresses end with a slash or are "": the app is then where the API is, and objects are
    where S3 is. A link may offer `files_a_day` and `bytes_a_day` for upload; origins are those of embedding pages."""

    bucket: str
    table: str
    link_key_id: str
    start_run_function: str
    notice_language: str
    app_url: str
    objects_url: str
    embedding_origins: tuple[str, ...]
    files_a_day: int
    bytes_a_day: int
    oidc: "OidcConfig | None"

    @classmethod
    def from_env(cls, variables: Mapping[str, str] = os.environ) -> "WebConfig":
        env = Environment(variables)
        return cls(
            bucket=env.text("BUCKET"),
            table=env.text("TABLE"),
            link_key_id=env.text("LINK_KEY_ID"),
            start_run_function=env.text("START_RUN_FUNCTION"),
            notice_language=env.language("NOTICE_LANGUAGE"),
            app_url=env.address("APP_URL"),
            objects_url=env.address("OBJECTS_URL"),
            embedding_origins=tuple(filter(None, env.optional("EMBEDDING_ORIGINS").split(","))),
            files_a_day=env.whole("LINK_FILES_A_DAY", 1, 10_000_000),
            bytes_a_day=env.whole("LINK_GB_A_DAY", 1, 100_000) * 10**9,
            oidc=OidcConfig.from_env(variables) if env.optional("OIDC_ISSUER") else None,
        )


@dataclass(frozen=True)
class OidcConfig:
    """How the company's own sign-in opens the app: `group_claim` of an identity token names groups, and `datasets` what
    each of them may see: pairs of a group and a dataset, or `*`."""

    issuer: str
    client_id: str
    group_claim: str
    datasets: tuple[tuple[str, str], ...]

    @classmethod
    def from_env(cls, variables: Mapping[str, str] = os.environ) -> "OidcConfig":
        env = Environment(variables)
        pairs = [part.strip().rpartition("=") for part in env.text("OIDC_DATASETS").split(",")]
        for group, _, dataset in pairs:
            if not group or not (dataset == "*" or DATASET_NAME.fullmatch(dataset)):
                raise ConfigError(
                    "The environment variable OIDC_DATASETS must be like group=dataset,other-group=*, with names of "
                    f"datasets, not {variables['OIDC_DATASETS']!r}."
                )
        return cls(
            issuer=env.text("OIDC_ISSUER"),
            client_id=env.text("OIDC_CLIENT_ID"),
            group_claim=env.text("OIDC_GROUP_CLAIM"),
            datasets=tuple((group.strip(), dataset) for group, _, dataset in pairs),
        )
