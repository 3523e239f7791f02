"""A whole workshop on this machine: embedded AWS, stand-in for SageMaker, the deployed stack and pipeline, mailbox
and door to the web app.
"""

import contextlib
import secrets
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from contract.layout import BASE, FROM_SCRATCH
from local_aws.app_link import sign_everything
from local_aws.aws import ACCOUNT, EmbeddedAws, Endpoint
from local_aws.deploy import deploy_stack, find_resource
from local_aws.door import LocalDoor
from local_aws.keys import RootKey
from local_aws.mailbox import Mailbox
from local_aws.ports import free_port
from local_aws.sagemaker.service import SageMakerStandIn
from local_aws.watchdog import MARK, start_watchdog
from pipeline_builder.deploy import bundle_files, bundle_prefix, deploy_pipeline
from workshop.admission.app_links import app_address

CACHE = Path.home() / ".cache" / "image-workshop"

# It costs nothing, and how fast it is, the table of speeds knows for machines of any kind (workshop.estimates).
_THIS_MACHINE = "ml.this.machine"
SHIPPED_BASE = f"{BASE}fantasy32/"


@dataclass(frozen=True)
class Options:
    """What differs between one local workshop and another; the rest is template.yaml's.

    Times are in seconds. `preset` is one of the template's `DefaultPreset`; `kimg` empty means the preset's own; `port`
    is the web app's (objects have the next one), 0 any that is free. With a `mail_sender` mails go through the embedded
    SES, too; `further` are template parameters by their names.
    """

    preset: str = "laptop"
    kimg: str = ""
    quiet_seconds: int = 5
    batch_window_seconds: int = 1
    min_images: int = 12
    max_train_seconds: int = 14400
    warm_start: str = FROM_SCRATCH
    duplicate_events: bool = False
    has_web_app: bool = True
    port: int = 0
    further: Mapping[str, str] = field(default_factory=dict)
    mail_sender: str = ""

    def template_parameters(self) -> dict[str, str]:
        return {
            "DefaultPreset": self.preset,
            "DefaultKimg": self.kimg,
            "QuietSeconds": str(self.quiet_seconds),
            "UploadBatchWindowSeconds": str(self.batch_window_seconds),
            "MinImages": str(self.min_images),
            "MaxTrainSeconds": str(self.max_train_seconds),
            "WarmStartModel": self.warm_start,
            "NotificationEmail": "artist@example.com",
            "MailSender": self.mail_sender,
            "AllowedTrainInstances": f"{_THIS_MACHINE}=0",
            "ProcessInstanceType": _THIS_MACHINE,
            "TrainInstanceType": _THIS_MACHINE,
            "InferenceInstanceType": _THIS_MACHINE,
            "Architecture": "x86_64",
            "WebApp": "public" if self.has_web_app else "none",
            **self.further,
        }


@dataclass
class LocalWorkshop:
    """Use as a context manager: entering starts everything; leaving, or a failure on the way in, ends every process
    and removes `folder`.

    Attributes:
        root: the project's root.
        folder: everything the workshop writes, apart from the layer cache.
        say: is told, in a few words, what is being started.
        app_url: where the web app is, without a slash at its end; "" if there is none.
        app_token: an invitation to all of it.
    """

    root: Path
    folder: Path
    options: Options = field(default_factory=Options)
    say: Callable[[str], None] = lambda _: None
    instance: str = field(default_factory=lambda: secrets.token_hex(8), init=False)
    endpoint: Endpoint = field(init=False)
    outputs: Mapping[str, str] = field(init=False)
    sagemaker: SageMakerStandIn = field(init=False)
    mailbox: Mailbox = field(init=False)
    app_url: str = field(default="", init=False)
    app_token: str = field(default="", init=False, repr=False)
    _ends: contextlib.ExitStack = field(default_factory=contextlib.ExitStack, init=False)

    def __enter__(self) -> "LocalWorkshop":
        try:
            self._start()
        except BaseException:
            self._ends.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    def _start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)  # keys, mails and pictures are nobody else's
        root_key = RootKey.make()
        door = self._door()  # before anything is started: its ports may be taken
        self._ends.callback(_set_off, start_watchdog(self.instance, self.folder))
        self.say("starting the embedded AWS")
        self.sagemaker = SageMakerStandIn(
            self.root,
            self.folder / "sagemaker",
            lambda service, credentials: self.endpoint.client(service, credentials),
            ACCOUNT,
            root_key,
            duplicate_events=self.options.duplicate_events,
            job_environment=lambda: {MARK: self.instance, **self.endpoint.for_jobs()},
        )
        aws = EmbeddedAws(self.folder, self.instance, free_port(), self.sagemaker.url, root_key)
        self._ends.callback(aws.stop)
        self.endpoint = aws.start()
        self.sagemaker.start()
        self._ends.callback(self.sagemaker.stop)
        self.say("deploying template.yaml")
        parameters = {
            **self.options.template_parameters(),
            **self._addresses(door),
            "InferenceCodePath": bundle_prefix(bundle_files(self.root)),
        }
        self.outputs = deploy_stack(self.root, self.endpoint, parameters, CACHE)
        self.say("upserting the pipeline")
        deploy_pipeline(self.endpoint.client, self.outputs, self.root)
        self.mailbox = Mailbox(self.endpoint, self.outputs["NoticesTopicArn"], self.folder / "mail")
        self.mailbox.open()
        self._ends.callback(self.mailbox.close)
        if door is not None:
            door.open(self.endpoint, find_resource(self.endpoint, "WebApi"), lambda: self.mailbox.mails)
            self.app_url = door.app_url
            self.app_token = sign_everything(self.endpoint.client("kms"), find_resource(self.endpoint, "LinkKey"))

    def app_link(self, screen: str = "/") -> str:
        """An address that opens the web app at this screen, with every right."""
        return app_address(f"{self.app_url}/", self.app_token, screen)

    def _addresses(self, door: LocalDoor | None) -> dict[str, str]:
        """Template parameters: what is where a browser can reach it. Without a web app, nothing is."""
        if door is None:
            return {}
        return {
            "AppBaseUrl": door.app_url,
            "ObjectsBaseUrl": door.objects_url,
        }

    def _door(self) -> LocalDoor | None:
        if not self.options.has_web_app:
            return None
        door = LocalDoor(self.options.port)
        self._ends.callback(door.close)
        return door

    @property
    def bucket(self) -> str:
        return self.outputs["BucketName"]


def _set_off(watchdog: "subprocess.Popen[bytes]") -> None:
    if watchdog.stdin is not None:
        watchdog.stdin.close()
    watchdog.wait()
