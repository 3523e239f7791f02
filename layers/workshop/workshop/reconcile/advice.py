"""What somebody is told who only asks: the settings as a form, and what a run with others would take. Here, since the
deployer's presets, caps and prices are, and by the code that starts runs. Nothing is changed by it.
"""

from collections.abc import Mapping
from typing import Any

from contract import layout
from contract.capacity.artefacts import LARGEST_UPLOAD, Workload
from contract.pipeline import PictureSize
from workshop.config import StartRunConfig
from workshop.dataset import Choice, default_choice, parse_settings
from workshop.dataset.room import find_lack_of_room
from workshop.dataset.settings_forms import form_fields, write_settings
from workshop.dataset.snapshot import SettingsFile, list_page, list_settings, read_settings, targets_per_run
from workshop.estimates import Basis
from workshop.estimates.learned import speed_key
from workshop.estimates.whole import Work, estimate_run, process_seconds
from workshop.ledger import Speeds
from workshop.platform.clients import S3
from workshop.platform.errors import BadRequest, SettingsError
from workshop.reconcile.start import ChosenRun, choose_run
from workshop.reconcile.telling import lack_in_words
from workshop.words import Words, words

# Of an image, where none has been uploaded yet: a photo.
_USUAL_BYTES = 1_000_000
_TRIES = 3
MOST_IMAGES = 10_000_000
_NOTHING = {"seconds": None, "training_seconds": None, "is_guess": False, "cost": None, "cost_cap": None}


class Adviser:
    """Answers in the form that openapi.json gives Settings and Estimate."""

    def __init__(self, config: StartRunConfig, s3: S3, speeds: Speeds) -> None:
        self._config = config
        self._s3 = s3
        self._speeds = speeds
        self._defaults = default_choice(config.default_preset, config.default_kimg, config.notice_language)

    def settings(self, dataset: str, language: str) -> dict[str, Any]:
        """The fields of settings.yaml with what the dataset's has, and what is wrong with that."""
        say, file = words(language), self._read_settings(dataset)
        problems: list[str] = []
        if file.trouble is not None:
            problems.append(say.settings_out_of_reach[file.trouble])
        if file.content is not None:
            _, problems = self._choose(file.content, language)
        fields = form_fields(say, file.content, self._defaults, self._config.train_instance_type, self._config.caps)
        return {"fields": fields, "problems": problems}

    def estimate(self, dataset: str, values: Mapping[str, str], images: int, language: str) -> dict[str, Any]:
        """What a run of so many images with these settings would take and cost; or what is wrong with the settings, and
        what has no room for so many."""
        choice, problems = self._choose(write_settings(values), language)
        if choice is None:
            return {"problems": problems, **_NOTHING}
        chosen = choose_run(self._config, choice, {})
        work = self._expected_work(dataset, choice, chosen, images)
        parameters = chosen.parameters
        longest = process_seconds(parameters["ProcessInstanceType"], work.images, work.size)
        parameters = {"MaxProcessSeconds": str(longest), **parameters}
        learned = self._speeds.read(speed_key(parameters))
        estimate = estimate_run(parameters, work, learned, self._config.region)
        price = self._config.caps.price(chosen.training.instance_type) * chosen.training.machines
        return {
            "problems": self._lack_of_room(words(language), work, parameters, chosen.size),
            "seconds": estimate.seconds,
            "training_seconds": estimate.training_seconds,
            "is_guess": estimate.basis is Basis.GUESS,
            "cost": estimate.cost(price),
            "cost_cap": price * chosen.training.job_seconds / 3600 if price else None,
        }

    def _choose(self, content: bytes, language: str) -> tuple[Choice | None, list[str]]:
        try:
            return parse_settings(content, self._defaults, self._config.caps, told_in=language), []
        except SettingsError as error:
            return None, error.problems

    def _read_settings(self, dataset: str) -> SettingsFile:
        for _ in range(_TRIES):
            file = read_settings(self._s3, self._config.bucket, list_settings(self._s3, self._config.bucket, dataset))
            if file is not None:
                return file
        raise BadRequest("settings.yaml is being written over and over: ask again once that has ended.")

    def _expected_work(self, dataset: str, choice: Choice, chosen: ChosenRun, images: int) -> Work:
        """By those that are there, as far as one page of the listings tells: further ones will be alike. A checkpoint
        to go on from is not known before it is known which images there are."""
        bucket = self._config.bucket
        there = list_page(self._s3, bucket, layout.uploads(dataset)).images
        sizes = [one.size for one in there if one.size <= LARGEST_UPLOAD]
        mean = sum(sizes) / len(sizes) if sizes else _USUAL_BYTES
        targets = len(list_page(self._s3, bucket, layout.targets(dataset)).images)
        projected = min(targets, targets_per_run(chosen.size.resolution)) or min(choice.projection_targets, images)
        return Work(trains=True, images=images, size=round(mean * images), targets=projected)

    def _lack_of_room(self, say: Words, work: Work, parameters: Mapping[str, str], size: PictureSize) -> list[str]:
        workload = Workload(
            images=work.images,
            image_bytes=work.size,
            resolution=size.resolution,
            kimg=float(parameters["Kimg"]),
            preset=parameters["Preset"],
            targets=work.targets,
            target_bytes=work.targets * work.size // max(work.images, 1),
            size=(size.height, size.width),
        )
        lack = find_lack_of_room(workload, parameters["ProcessInstanceType"], parameters["TrainInstanceType"])
        return [] if lack is None else [lack_in_words(say, lack)]
