"""Puts the parts together from the environment, once per Lambda environment: one function for each handler's need."""

from functools import cache

from workshop.admission.app_links import AppLinks
from workshop.admission.invitations import Invitations
from workshop.config import (
    EndingConfig,
    ListenerConfig,
    MailConfig,
    NoticeConfig,
    ReportConfig,
    StartRunConfig,
    UploadTriggerConfig,
)
from workshop.handlers.report import Reporter
from workshop.handlers.start_run import StartRequests
from workshop.handlers.status_listener import Listener
from workshop.handlers.upload_trigger import UploadCollector
from workshop.ledger import Ledger, Readers, Runs, Speeds, Timers
from workshop.mailing import Postman
from workshop.notices import Notices
from workshop.notices.strays import Strays
from workshop.platform import clients
from workshop.platform.signing import Signer
from workshop.reconcile import Reconciler
from workshop.reconcile.advice import Adviser
from workshop.reconcile.claims import Claims
from workshop.reconcile.end import Ending
from workshop.reconcile.start import Starter
from workshop.watching.previews import Previews


@cache
def upload_collector() -> UploadCollector:
    config = UploadTriggerConfig.from_env()
    ledger, runs, notices = _records(config.notices)
    timers = Timers(clients.sqs(), config.settle_queue_url, ledger)
    strays = Strays(clients.dynamodb(), config.notices.table, notices, runs, config.notice_language)
    return UploadCollector(ledger, timers, strays, config.quiet_seconds)


@cache
def start_run() -> StartRequests:
    config = StartRunConfig.from_env()
    ledger, runs, notices = _records(config.notices)
    timers, ending = _ending(config.ending, ledger, runs)
    starter = Starter(clients.sagemaker(), config.pipeline_name, config.bucket)
    claims = Claims(config, starter, ledger, runs, timers, notices)
    speeds = Speeds(clients.dynamodb(), config.notices.table)
    reconciler = Reconciler(config, clients.s3(), ledger, runs, speeds, timers, notices, ending, claims)
    strays = Strays(clients.dynamodb(), config.notices.table, notices, runs, config.notice_language)
    adviser = Adviser(config, clients.s3(), speeds)
    return StartRequests(config, clients.s3(), ledger, timers, reconciler, strays, adviser)


@cache
def listener() -> Listener:
    config = ListenerConfig.from_env()
    ledger, runs, notices = _records(config.notices)
    previews = Previews(config.bucket, runs, notices)
    return Listener(config.bucket, ledger, runs, notices, _ending(config.ending, ledger, runs)[1], previews)


@cache
def reporter() -> Reporter:
    config = ReportConfig.from_env()
    ledger, runs, notices = _records(config.notices)
    speeds = Speeds(clients.dynamodb(), config.notices.table)
    return Reporter(config, clients.s3(), ledger, runs, speeds, notices)


@cache
def postman() -> Postman:
    config = MailConfig.from_env()
    readers, runs = Readers(clients.dynamodb(), config.table), Runs(clients.dynamodb(), config.table)
    return Postman(clients.s3(), clients.ses(), config.bucket, config.sender, config.first_reader, readers, runs)


def _records(config: NoticeConfig) -> tuple[Ledger, Runs, Notices]:
    runs = Runs(clients.dynamodb(), config.table)
    notices = Notices(clients.sns(), config.topic_arn, runs, _app_links(config))
    return Ledger(clients.dynamodb(), config.table), runs, notices


def _app_links(config: NoticeConfig) -> AppLinks | None:
    if not config.app_url:
        return None
    return AppLinks(Invitations(Signer(clients.kms(), config.link_key_id)), config.app_url)


def _ending(config: EndingConfig, ledger: Ledger, runs: Runs) -> tuple[Timers, Ending]:
    timers = Timers(clients.sqs(), config.settle_queue_url, ledger)
    return timers, Ending(ledger, runs, timers, clients.lambda_(), clients.sagemaker(), config)
