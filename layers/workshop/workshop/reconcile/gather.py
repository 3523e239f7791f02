"""Finds out what a decision needs, when it needs it."""

from dataclasses import replace

from contract.statuses import EXECUTING, LOST, STOPPING, TERMINAL
from workshop.config import StartRunConfig
from workshop.dataset import Choice, default_choice, fingerprint, list_dataset, list_targets, parse_settings
from workshop.dataset.room import Machines
from workshop.dataset.snapshot import SettingsFile, read_settings, with_contents
from workshop.ledger import DatasetState
from workshop.notices.leftovers import unread_settings
from workshop.platform import clock
from workshop.platform.clients import S3
from workshop.platform.errors import SettingsError
from workshop.platform.telemetry import count, logger
from workshop.reconcile.end import Ending
from workshop.reconcile.facts import ContentFacts, FolderFacts, Missing, PendingFacts, RunFacts, StateFacts
from workshop.reconcile.labels import label_faults
from workshop.words import words


class FactFinder:
    """Asks S3 and SageMaker about a dataset whose state has been read.

    The state is read before the folders are listed: an upload that is noted after that read makes a claim fail.
    """

    def __init__(self, config: StartRunConfig, s3: S3, ending: Ending) -> None:
        self._config = config
        self._s3 = s3
        self._ending = ending
        self._defaults = default_choice(config.default_preset, config.default_kimg, config.notice_language)

    def ask_about_run(self, state: DatasetState) -> RunFacts:
        """What SageMaker says of the active run."""
        run_seconds = StateFacts(state, clock.now_ms()).run_seconds
        status, changed_at = self._ending.ask(state.execution_arn or "")
        if status not in TERMINAL | {LOST, EXECUTING, STOPPING}:
            logger.warning("unknown status of a run", status=status)
        return RunFacts(state, run_seconds, status, changed_at)

    def list_folders(self, state: DatasetState) -> FolderFacts:
        """What lies in the dataset's folders."""
        listing = list_dataset(self._s3, self._config.bucket, state.dataset)
        if listing.refused:
            count("RefusedNames", len(listing.refused))
        targets = list_targets(self._s3, self._config.bucket, state.dataset)
        return FolderFacts(state, listing, targets, clock.now_ms(), self._config.quiet_seconds)

    def read_contents(self, folders: FolderFacts) -> ContentFacts | PendingFacts:
        """What the listed files hold, and what the settings ask for."""
        state, bucket = folders.state, self._config.bucket
        identified = with_contents(self._s3, bucket, folders.listing, folders.targets)
        if identified is None:
            return PendingFacts(state, Missing.CONTENTS)
        listing, targets = identified
        settings = read_settings(self._s3, bucket, listing)
        if settings is None:
            return PendingFacts(state, Missing.SETTINGS)
        choice, faults = self._choose(settings)
        say = words(choice.language)
        faults += unread_settings(say, listing, targets) + label_faults(say, choice, listing)
        digest = fingerprint(listing.images, settings.identity)
        machines = Machines(self._config.process_instance_type, self._config.train_instance_type)
        return ContentFacts(state, listing, targets, digest, choice, tuple(faults), self._config.min_images, machines)

    def _choose(self, settings: SettingsFile) -> tuple[Choice, list[str]]:
        """What the settings file asks for; if it has faults, the defaults, in its language, and a sentence on each."""
        faults: list[str] = []
        if settings.trouble is not None:
            say = words(self._defaults.language)
            faults.append(say.settings_out_of_reach[settings.trouble])
        if settings.content is None:
            return self._defaults, faults
        try:
            return parse_settings(settings.content, self._defaults, self._config.caps), faults
        except SettingsError as error:
            return replace(self._defaults, language=error.language), [*faults, *error.problems]
