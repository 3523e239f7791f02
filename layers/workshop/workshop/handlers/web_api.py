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
    links = Links(clients.dynamodb(), config.table)
    invitations = Invitations(Signer(clients.kms(), config.link_key_id))
    door = Door(invitations, links, cookie_name(config.app_url), config.embedding_origins)
    addresses = Addresses(clients.s3(), config.bucket, config.objects_url)
    provider = None if config.oidc is None else origin_of(config.oidc.issuer)
    do = operations_of(config, door, links, addresses)
    return Routes(door, do, read_static(static), config.app_url, addresses.origin, provider)


def operations_of(config: WebConfig, door: Door, links: Links, addresses: Addresses) -> dict[str, Do]:
    """Every operation of openapi.json."""
    s3, dynamodb, bucket = clients.s3(), clients.dynamodb(), config.bucket
    ledger, runs = Ledger(dynamodb, config.table), Runs(dynamodb, config.table)
    start_run = StartRun(clients.lambda_once(), config.start_run_function)
    sessions = Sessions(door, addresses.origin, config.oidc)
    sharing = Sharing(door.invitations, links)
    datasets = Datasets(s3, bucket, ledger, Cards(s3, bucket, ledger, runs, Covers(s3, bucket, addresses)))
    files = Files(s3, bucket, addresses, Quotas(dynamodb, config.table, config.files_a_day, config.bytes_a_day))
    settings = Settings(start_run, s3, bucket)
    starting = Starting(start_run, ledger, s3, bucket)
    watching = Watching(ledger, runs, s3, clients.sagemaker(), bucket, addresses)
    taking = Taking(ledger, runs, s3, bucket, addresses, Favourites(dynamodb, config.table))
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
        "listRuns": watching.list,
        "getRun": watching.get,
        "finishRun": watching.finish,
        "cancelRun": watching.cancel,
        "listPictures": taking.list,
        "putFavourites": taking.put_favourites,
        "makeMore": MakingMore(ledger, runs, start_run).make,
    }


def _no_inbox(call: Call) -> Reply:
    """Mails go to people's own mailboxes. (A workshop on one machine catches them and answers this itself.)"""
    return Reply({"mails": None})
