"""settings.yaml as a form, and what a run would take. start_run is asked: it has the presets, caps and prices."""

from botocore.exceptions import ClientError

from contract import layout
from contract.file_kinds import SETTINGS_NAME
from workshop.dataset.settings_forms import write_settings
from workshop.dataset.snapshot import list_settings
from workshop.platform.clients import S3, error_code
from workshop.platform.refusals import Unusable
from workshop.web.asking import StartRun
from workshop.web.calls import Call, Reply

_MEDIA_TYPE = "text/yaml; charset=utf-8"


class Settings:
    """The operations of the addresses .../settings and .../estimate."""

    def __init__(self, start_run: StartRun, s3: S3, bucket: str) -> None:
        self._start_run = start_run
        self._s3 = s3
        self._bucket = bucket

    def get(self, call: Call) -> Reply:
        return Reply(self._form(call))

    def put(self, call: Call) -> Reply:
        """Write the file, if a run could start with it. What is there already is left alone, so that nothing new is
        seen in it. Raises Unusable with what is wrong, and nothing is written."""
        answer = self._start_run.consult(_question(call, call.body, 0))
        if answer["problems"]:
            raise Unusable("bad_settings", problems=answer["problems"])
        key, content, before = self._key(call), write_settings(call.body), self._stored(call)
        if content != before and (call.body or before is not None):
            self._s3.put_object(Bucket=self._bucket, Key=key, Body=content, ContentType=_MEDIA_TYPE)
        return Reply(self._form(call))

    def estimate(self, call: Call) -> Reply:
        return Reply(self._start_run.consult(_question(call, call.body["values"], call.body["images"])))

    def _form(self, call: Call) -> dict[str, object]:
        return self._start_run.consult({"dataset": call.dataset, "settings": True, "language": call.language})

    def _key(self, call: Call) -> str:
        return layout.uploads(call.dataset) + SETTINGS_NAME

    def _stored(self, call: Call) -> bytes | None:
        """What the file holds; b"" for one that cannot be read; None without one."""
        if list_settings(self._s3, self._bucket, call.dataset).settings is None:
            return None
        try:
            return bytes(self._s3.get_object(Bucket=self._bucket, Key=self._key(call))["Body"].read())
        except ClientError as error:
            if error_code(error) in {"NoSuchKey", "AccessDenied", "InvalidObjectState", "InvalidRequest"}:
                return b""
            raise


def _question(call: Call, values: dict[str, str], images: int) -> dict[str, object]:
    return {"dataset": call.dataset, "estimate": values, "images": images, "language": call.language}
