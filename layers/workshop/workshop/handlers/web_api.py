"""What does each operation of the web app, put together once per Lambda environment: apart from the other functions'
parts, which need not load what only this one needs.
"""

from functools import cache
from pathlib import Path

from workshop.admission.invitations import Invitations
from workshop.admission.links import Links
from workshop.admission.visitors import Door, cookie_name
from workshop.config import WebConfig
from workshop.dropping import Datasets, Files, Settings, Starting
from workshop.dropping.cards import Cards
from workshop.dropping.cover import Covers
from workshop.dropping.quotas import Quotas
from workshop.ledger import Ledger, Runs
from workshop.platform import clients
from workshop.platform.addresses import Addresses, origin_of
from workshop.platform.signing import Signer
from workshop.taking import Favourites, MakingMore, Taking
from workshop.watching.runs import Watching
from workshop.web.asking import StartRun
from workshop.web.calls import Call, Reply
from workshop.web.routes import Do, Routes
from workshop.web.sessions import Sessions
from workshop.web.sharing import Sharing
from workshop.web.static_files import read_static


@cache
def web_app(static: Path) -> Routes:
    """The whole app, with the files of this folder."""
    config = WebConfig.from_env()
    invitations = Invitations(Signer(clients.kms(), config.link_key_id))
    links = Links(clients.dynamodb(), config.table)
    door = Door(invitations, links, cookie_name(config.app_url), config.embedding_origins)
    objects = Addresses(clients.s3(), config.bucket, config.objects_url).origin
    provider = None if config.oidc is None else origin_of(config.oidc.issuer)
    operations = operations_of(config, door, objects)
    return Routes(door, operations, read_static(static), config.app_url, objects, provider)


def operations_of(config: WebConfig, door: Door, objects: str) -> dict[str, Do]:
    """Every operation of openapi.json; `objects` is the origin of presigned addresses."""
    return _entering(config, door, objects) | _dropping(config) | _watching(config) | _taking(config)


def _entering(config: WebConfig, door: Door, objects: str) -> dict[str, Do]:
    sessions = Sessions(door, objects, config.oidc)
    sharing = Sharing(door.invitations, Links(clients.dynamodb(), config.table))
    return {
        "openSession": sessions.open,
        "getSignIn": sessions.sign_in,
        "openOidcSession": sessions.open_signed_in,
        "closeSession": sessions.close,
        "getMe": sessions.me,
        "getInbox": _no_inbox,
        "listLinks": sharing.show,
        "shareLink": sharing.share,
        "revokeLink": sharing.revoke,
    }


def _dropping(config: WebConfig) -> dict[str, Do]:
    s3, dynamodb = clients.s3(), clients.dynamodb()
    ledger, addresses = Ledger(dynamodb, config.table), Addresses(s3, config.bucket, config.objects_url)
    cards = Cards(s3, config.bucket, ledger, Runs(dynamodb, config.table), Covers(s3, config.bucket, addresses))
    datasets = Datasets(s3, config.bucket, ledger, cards)
    quotas = Quotas(dynamodb, config.table, config.files_a_day, config.bytes_a_day)
    files = Files(s3, config.bucket, addresses, quotas)
    start_run = StartRun(clients.lambda_once(), config.start_run_function)
    settings = Settings(start_run, s3, config.bucket)
    starting = Starting(start_run, ledger, s3, config.bucket)
    return {
        "listDatasets": datasets.show_all,
        "createDataset": datasets.create,
        "getDataset": datasets.get,
        "listFiles": files.show,
        "offerFiles": files.offer,
        "getSettings": settings.get,
        "putSettings": settings.put,
        "getEstimate": settings.estimate,
        "startRun": starting.start,
        "findImages": starting.find,
    }


def _watching(config: WebConfig) -> dict[str, Do]:
    ledger, runs = Ledger(clients.dynamodb(), config.table), Runs(clients.dynamodb(), config.table)
    addresses = Addresses(clients.s3(), config.bucket, config.objects_url)
    watching = Watching(ledger, runs, clients.s3(), clients.sagemaker(), config.bucket, addresses)
    return {
        "listRuns": watching.list,
        "getRun": watching.get,
        "finishRun": watching.finish,
        "cancelRun": watching.cancel,
    }


def _taking(config: WebConfig) -> dict[str, Do]:
    ledger, runs = Ledger(clients.dynamodb(), config.table), Runs(clients.dynamodb(), config.table)
    addresses = Addresses(clients.s3(), config.bucket, config.objects_url)
    favourites = Favourites(clients.dynamodb(), config.table)
    taking = Taking(ledger, runs, clients.s3(), config.bucket, addresses, favourites)
    more = MakingMore(ledger, runs, StartRun(clients.lambda_once(), config.start_run_function))
    return {"listPictures": taking.list, "putFavourites": taking.put_favourites, "makeMore": more.make}


def _no_inbox(call: Call) -> Reply:
    """Mails go to people's own mailboxes. (A workshop on one machine catches them and answers this itself.)"""
    return Reply({"mails": None})
