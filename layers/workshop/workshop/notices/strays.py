"""Strays: files in a folder whose name is no dataset's, or in none. They never become a run; but somebody waits for it.

Each such folder is told to whoever gets the mails of all datasets, and of the one that was probably meant: on the day
something is put into it, once that day, however many files it is; and, if every event of it got lost, once by the
hourly sweep. All folders together get no more than DAILY_NOTICES a day, since anybody may invent names; what is beyond
them is counted (StraysUntold), and told by a later sweep.

FOLDERS  NOTICE#<day or "ever">#<hash of the folder>  one notice, as in workshop.runs
FOLDERS  DAY#<day>                                    how many were published on that day
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping

from botocore.exceptions import ClientError

from contract.errors import RefusedName
from contract.file_kinds import FileKind, is_folder_marker, kind_of
from contract.layout import INFERENCE, UPLOADS
from contract.names import check_dataset
from workshop.ledger import Runs
from workshop.ledger.runs import KEEP_SECONDS
from workshop.notices import Kind, Notice, Notices
from workshop.notices.publishing import render_notice
from workshop.notices.quoting import MAX_SHOWN_CHARS, quoted
from workshop.platform import clock
from workshop.platform.clients import S3, DynamoDB, error_code, list_pages
from workshop.platform.errors import NoticeBusy
from workshop.platform.items import to_item
from workshop.platform.telemetry import count, logger
from workshop.words import Words, words

DAILY_NOTICES = 20
# What nobody who filters by dataset has asked for.
NO_DATASET = "-"
_EXAMPLE = "red-chairs"
_FIRST_FILES = 20  # of a folder: systems leave behind a few

PLACES_LEFT = "(attribute_not_exists(published) OR published < :limit)"

_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def folder_of(key: object) -> dict[str, str]:
    """The folder that an object lies in without belonging to a dataset ("uploads/Red Chairs/", or "uploads/" itself),
    and the object's name in it; empty if it is elsewhere in the bucket, or nobody has put it there."""
    if not isinstance(key, str):
        return {}
    for prefix in (UPLOADS, INFERENCE):
        name = key.removeprefix(prefix)
        if key.startswith(prefix) and not _is_junk(name):
            folder, slash, rest = name.partition("/")
            return {f"{prefix}{folder}/": rest} if slash else {prefix: name}
    return {}


def _is_junk(name: str) -> bool:
    """Whether nobody has put it there. Two dots in front are somebody's attempt, and no system's."""
    return kind_of(name) is FileKind.JUNK and (is_folder_marker(name) or not name.startswith(".."))


def list_strays(s3: S3, bucket: str) -> dict[str, str]:
    """Every such folder that the bucket has, with the name of a file in it."""
    strays: dict[str, str] = {}
    for prefix in (UPLOADS, INFERENCE):
        for page in list_pages(s3, Bucket=bucket, Prefix=prefix, Delimiter="/"):
            for entry in page.get("Contents", []):
                strays |= folder_of(entry["Key"])
            for found in page.get("CommonPrefixes", []):
                try:
                    check_dataset(found["Prefix"].removeprefix(prefix).removesuffix("/"))
                except RefusedName:
                    strays |= _first_file(s3, bucket, found["Prefix"])
    return strays


def _first_file(s3: S3, bucket: str, folder: str) -> dict[str, str]:
    """The folder with one of its first files; empty if these are nothing that somebody has put there."""
    page = s3.list_objects_v2(Bucket=bucket, Prefix=folder, MaxKeys=_FIRST_FILES)
    return next(filter(None, (folder_of(entry["Key"]) for entry in page.get("Contents", []))), {})


def suggest_dataset(folder: str) -> str:
    """The name of a dataset that somebody may have meant by a folder's name; "" if none can be made of it."""
    decomposed = unicodedata.normalize("NFKD", folder.lower().translate(_GERMAN))
    plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:63].strip("-")


def stray_notice(say: Words, folder: str, file: str) -> Notice:
    """The notice on such a folder and a file in it, to whom gets the mails of all datasets and of the one that was
    probably meant."""
    prefix = UPLOADS if folder.startswith(UPLOADS) else INFERENCE
    name = folder.removeprefix(prefix).removesuffix("/")
    suggestion = suggest_dataset(name)
    if folder == prefix:
        what = say.stray_files.format(folder=prefix)
    else:
        what = say.stray_folder.format(folder=f"{prefix}{quoted(name, MAX_SHOWN_CHARS)}/")
    what = say.sentences(what, say.stray_example.format(name=quoted(file, MAX_SHOWN_CHARS)))
    instead = f"{prefix}{suggestion or _EXAMPLE}/"
    return render_notice(say, Kind.ATTENTION, "stray", suggestion or NO_DATASET, what=what, instead=instead)


class Strays:
    """Publishes the notices on such folders."""

    def __init__(self, dynamodb: DynamoDB, table: str, notices: Notices, runs: Runs, language: str) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._notices = notices
        self._runs = runs
        self._say = words(language)

    def tell_again(self, strays: Mapping[str, str]) -> None:
        """Something was put into these folders now (one file of each): each is told, unless it was today."""
        self._tell(strays, _today())

    def tell_untold(self, strays: Mapping[str, str]) -> None:
        """Tell of those that were never told of."""
        self._tell(strays, "ever")

    def _tell(self, strays: Mapping[str, str], when: str) -> None:
        for folder, file in sorted(strays.items()):
            try:
                if self._runs.is_notice_sent(_key(folder, when)):
                    continue
                if not self._take_place():
                    count("StraysUntold")
                    return
                if self._notices.publish_once(_key(folder, when), stray_notice(self._say, folder, file)):
                    for other in {"ever", _today()} - {when}:
                        self._runs.count_as_sent(_key(folder, other), clock.now_ms())
            except NoticeBusy:
                logger.info("somebody else is telling of this folder")

    def _take_place(self) -> bool:
        """Whether one more notice may be published today."""
        now = clock.now_ms()
        try:
            self._dynamodb.update_item(
                TableName=self._table,
                Key=to_item({"pk": "FOLDERS", "sk": f"DAY#{_today()}"}),
                UpdateExpression="SET expires = :expires ADD published :one",
                ConditionExpression=PLACES_LEFT,
                ExpressionAttributeValues=to_item(
                    {":one": 1, ":limit": DAILY_NOTICES, ":expires": now // 1000 + KEEP_SECONDS}
                ),
            )
        except ClientError as error:
            if error_code(error) == "ConditionalCheckFailedException":
                return False
            raise
        return True


def _key(folder: str, when: str) -> dict[str, str]:
    digest = hashlib.sha256(folder.encode("utf-8", "surrogatepass")).hexdigest()
    return {"pk": "FOLDERS", "sk": f"NOTICE#{when}#{digest}"}


def _today() -> str:
    return clock.day_of(clock.now_ms())
