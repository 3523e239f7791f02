"""The words of the notices, one module a language: what the code that builds a mail says, and how it writes numbers.

`words("de")` loads that language alone. A phrase is a text for `str.format`; tests hold that every language has the
same placeholders: de, en, zh_cn. Whole texts with a subject and a body are in notices/texts/<language>/; the sentences
on files that were skipped, which other rooms say, too, in contract.reasons.

Words that people read, in every language alike: an image is the artist's, a picture is made; model, not network;
recreated, not projected; skipped, not set aside; length of the training, not kimg; your admin, whoever that is.
"""

import textwrap
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from typing import NamedTuple, Protocol

__all__ = ["Plural", "Words", "words"]

# How an estimate is rounded that is shorter than the first number, in seconds: from ten minutes on by 5 % at most.
_ROUGH = ((60, 10), (3_000, 60), (6_000, 300), (36_000, 600), (float("inf"), 3_600))
_LINE_CHARS = 76


class Plural(NamedTuple):
    """A phrase with a `{count}`, for one thing and for any other number of them."""

    one: str
    many: str


class Words(Protocol):
    """Everything that a language needs. Phrases named `headline...` go into subjects, after the dataset's name.

    A protocol, because mypy then refuses a language that lacks a phrase, and because a dataclass of so many fields
    takes several milliseconds of each cold start to make.
    """

    language: str

    # Numbers and times
    thousands: str
    decimal: str
    between_sentences: str
    between_names: str
    money: str
    date_format: str
    second: str
    minute: str
    hour: str
    days: str  # from two on
    unknown: str
    named: str  # a name, and what is said of it
    step_named: str

    # A run has started
    run_link: str
    act_link: str
    ask_to_cancel: str
    other_files: Plural
    expected_about: str
    expected_unknown: str
    expected_training: str
    expected_training_unknown: str
    expected_line: str
    basis_own: str
    basis_measured: str
    basis_guess: str
    cost_unknown: str
    cost_at_most: str
    cost_about: str
    cost_about_training: str
    cost_about_all: str
    goes_on_from: str
    shortfall: str
    folders_are_classes: str
    folders_outside: Plural
    folders_not_used: Plural

    # A run has succeeded
    link_until: str
    link_for_hours: str
    pictures_used: str
    pictures_used_none: str
    no_cost: str
    billed: str
    billed_cost: str
    took_estimated: str
    took_estimated_twice: str
    training_ended: Mapping[str, str]  # early, by contract.run_results.TrainingOutcome.ended; "" for any other word
    finishing_takes: str
    finishing_takes_time: str
    go_on: str
    go_on_by_link: str
    network_best: str
    network_last_is_best: str
    network_last: str
    network_unscored: str
    network_no_score: str
    troubles: Mapping[str, str]  # of the training, by its own word
    trouble_ended: str
    trouble_next: Mapping[str, str]
    set_aside: Plural
    more_on_page: Plural
    more_in_file: Plural
    copies_of_all: str
    copies_of_some: Plural

    # Something that a run should have made
    missing: str
    empty: str
    no_picture: str
    results_page: str
    results_data: str
    trained_model: str
    targets_unusable: str
    ask_for_restart: str
    replace_targets: str

    # A run has failed, was stopped, or is lost
    steps: Mapping[str, str]  # of the pipeline, in an artist's words
    headline_failed: str
    headline_failed_step: str
    failed: str
    headline_too_few: str
    too_few: str
    too_few_counted: str
    too_few_next: str
    headline_stopped: str
    stopped: str
    stopped_step_none: str
    stopped_reason: str
    headline_lost: str
    lost: str
    lost_reason: str
    no_reason: str
    rerun: str
    again: str
    again_by_link: str
    change: str
    change_targets: str
    log: str

    # What helps against causes that are met often
    help_quota: str
    help_capacity: str
    help_time: str
    help_training_time: str  # after it, where a training has failed
    help_memory: str
    help_killed: str
    help_disk: str
    help_permission: str
    help_credentials: str
    help_diverged: str
    help_peers: str
    help_image: str
    help_base: str
    help_code: str
    help_gone: str
    help_archived: str
    help_clash: str
    help_download: str
    help_internal: str
    help_unknown: str
    help_no_log: str
    help_file: str
    help_checkpoint: str  # after some of these, where a training has failed

    # The folder cannot become a run
    folder_holds: Plural
    pictures_needed: Plural
    disk_too_small: str
    list_too_long: str
    make_room: str
    add_pictures: str
    correct_settings: str
    settings_unread: str
    rename_settings: str
    files_unused: Plural
    files_refused: Plural
    rename_files: str
    unpack_archives: str
    and_more: Plural
    convert_files: str

    # Pictures to project that wait, by leftovers.WaitingReason
    targets_waiting: Mapping[str, str]
    targets_next: Mapping[str, str]

    # Files in a folder that is no dataset's
    stray_folder: str
    stray_files: str
    stray_example: str

    # Faults of settings.yaml. Bounds stand there as they have to be typed.
    settings_too_large: str
    settings_out_of_reach: Mapping[str, str]  # by snapshot.SettingsTrouble
    settings_no_text: str
    settings_unreadable: str
    settings_more: str
    line_troubles: Mapping[str, str]  # of settings_lines.Trouble
    setting_unknown: str
    setting_unknown_line: str
    setting_did_you_mean: str
    setting_all: str
    setting_twice: str
    setting_wrong: str
    setting_ambiguous: str
    setting_pair: str
    option_unknown: str
    option_clash: str
    option_missing: str
    option_faults: Mapping[str, str]
    setting_aspect: str
    setting_side: str
    setting_size: str
    setting_size_twice: str
    setting_classes: str
    labels_too_few: Plural
    labels_too_many: str
    labels_unknown: str
    either: str  # between two, of which one can be chosen
    allowed_one_of: str
    allowed_whole: str
    allowed_number: str
    allowed_from: str
    allowed_whole_from: str
    allowed_above: str
    allowed_or: str
    allowed_truth: str
    allowed_options: str
    allowed_aspect: str
    allowed_colour: str
    allowed_classes: str
    shown_large: str
    shown_nothing: str
    shown_text: str
    shown_other: str

    # Of any mail
    cut: str

    # Of a mail with HTML
    button: Mapping[str, str]  # to the notice's own link, by its kind; "" for any other
    picture_alt: str

    def number(self, number: int) -> str:
        """A number with the language's separators: 1,012 or 1.012."""
        return self._punctuated(f"{number:,}")

    def sentences(self, *said: str) -> str:
        """Sentences one after the other; empty ones are left out."""
        return self.between_sentences.join(filter(None, said))

    def paragraph(self, *said: str) -> str:
        """The same in lines of a mail's width."""
        return "\n".join(textwrap.wrap(self.sentences(*said), _LINE_CHARS))

    def listing(self, names: Iterable[str]) -> str:
        """Names one after the other."""
        return self.between_names.join(names)

    def dollars(self, amount: float) -> str:
        """USD 33.84 or 33,84 USD."""
        return self.money.format(amount=self._punctuated(f"{amount:,.2f}"))

    def kimg(self, number: float) -> str:
        """Thousands of images, as exact as people say it: 0.504, 12.5, 1,310."""
        return self._punctuated(f"{number:,.0f}" if number >= 100 else f"{number:.3g}")

    def rough_dollars(self, amount: float) -> str:
        """An estimate's dollars: from 10 on without cents."""
        return self.money.format(amount=self._punctuated(f"{amount:,.0f}" if amount >= 9.995 else f"{amount:,.2f}"))

    def rough_duration(self, seconds: float) -> str:
        """An estimate's length of time, no more exact than it is: 20 s, 4 min, 41 min, 1 h 25 min, 23 h."""
        step = next(step for limit, step in _ROUGH if seconds < limit)
        return self.duration(max(1, round(seconds / step)) * step)

    def count(self, phrase: Plural, number: int, **others: str) -> str:
        """The phrase for so many; `others` are its other placeholders."""
        return (phrase.one if number == 1 else phrase.many).format(count=self.number(number), **others)

    def date(self, epoch_seconds: float) -> str:
        """The day of a moment, in UTC, as the language writes it."""
        day = datetime.fromtimestamp(epoch_seconds, UTC)
        return self.date_format.format(year=day.year, month=day.month, day=day.day)

    def duration(self, seconds: float) -> str:
        """A length of time in one unit or two: 45 s, 12 min, 1 h 2 min, 3 d 4 h."""
        whole = max(0, round(seconds))
        if whole < 60:
            return f"{whole} {self.second}"
        minutes = round(whole / 60)
        if minutes < 60:
            return f"{minutes} {self.minute}"
        hours, minutes = divmod(minutes, 60)
        if hours < 48:
            return f"{hours} {self.hour} {minutes} {self.minute}" if minutes else f"{hours} {self.hour}"
        days, hours = divmod(hours, 24)
        return f"{days} {self.days} {hours} {self.hour}" if hours else f"{days} {self.days}"

    def _punctuated(self, english: str) -> str:
        return english.translate({ord(","): self.thousands, ord("."): self.decimal})


@cache
def words(language: str) -> Words:
    """The words of one of contract.names.LANGUAGES. Raises ModuleNotFoundError for any other."""
    found: Words = import_module(f"{__name__}.{language.replace('-', '_').lower()}").WORDS
    return found
