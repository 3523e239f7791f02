"""Starting runs: start_run decides, as for everybody."""

from contract import layout
from workshop.dataset.snapshot import list_page
from workshop.ledger import Ledger
from workshop.platform.clients import S3
from workshop.platform.refusals import NotNow
from workshop.web.asking import StartRun
from workshop.web.calls import Call, Reply

# Nothing is drawn beside what is looked for, whatever the settings say.
_FINDING = {"InferenceMode": "project"}


class Starting:
    """The operations of the addresses .../start and .../find."""

    def __init__(self, start_run: StartRun, ledger: Ledger, s3: S3, bucket: str) -> None:
        self._start_run = start_run
        self._ledger = ledger
        self._s3 = s3
        self._bucket = bucket

    def start(self, call: Call) -> Reply:
        return Reply(self._start_run.ask({"dataset": call.dataset, "rerun": call.body["again"]}, call.language))

    def find(self, call: Call) -> Reply:
        """Look for the images of the folder `find`, and for those alone: without any, a run would take some of the
        dataset's own. Raises NotNow."""
        if self._ledger.read(call.dataset).good_arn is None:
            raise NotNow("no_model")
        if not list_page(self._s3, self._bucket, layout.targets(call.dataset)).images:
            raise NotNow("nothing_to_find")
        wish = {"dataset": call.dataset, "inferenceOnly": True, "parameters": _FINDING}
        return Reply(self._start_run.ask(wish, call.language))
