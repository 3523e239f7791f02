"""What a dataset's people are told of its sub-folders: they are the classes, they are not, or they cannot be."""

from collections.abc import Iterable

from contract.pipeline import OF_FOLDERS, class_names
from contract.prepare_report import MAX_CLASSES
from workshop.dataset import Choice, Listing
from workshop.dataset.classes import Folders
from workshop.notices.quoting import quoted
from workshop.words import Words

# How many classes a mail names, and how much of a name.
MAX_NAMED = 6
MAX_NAME_CHARS = 40


def label_faults(say: Words, choice: Choice, listing: Listing) -> list[str]:
    """Why the folder cannot have the classes that its settings ask for, in sentences."""
    if not choice.has_classes or not listing.images:
        return []
    folders = Folders.of(listing.images)
    if not folders.can_be_classes:
        return [why_no_classes(say, folders)]
    if unknown := folders.unknown(class_names(choice.classes)):
        return [say.labels_unknown.format(names=_listed(say, unknown), known=_listed(say, folders.images))]
    return []


def why_no_classes(say: Words, folders: Folders) -> str:
    """The sentence on sub-folders that are too few, or too many, to be classes."""
    count = len(folders.images)
    if count > MAX_CLASSES:
        return say.labels_too_many.format(count=say.number(count), most=MAX_CLASSES)
    return say.count(say.labels_too_few, count)


def told_folders(say: Words, folders: Folders, labels: str | None) -> str:
    """The line of the notice "started" on the sub-folders: the classes with their numbers of pictures, or that nobody
    has asked for classes; "" if there is nothing to say. `labels` is what was asked for; None: nothing was."""
    if not folders.images or (labels is not None and labels != OF_FOLDERS):
        return ""
    count = len(folders.images)
    if labels is None:
        return say.count(say.folders_not_used, count)
    largest = sorted(folders.images, key=lambda name: -folders.images[name])
    listed = _listed(say, (f"{name} {say.number(folders.images[name])}" for name in largest))
    outside = say.count(say.folders_outside, folders.outside) if folders.outside else ""
    return say.folders_are_classes.format(count=say.number(count), listed=listed) + outside


def _listed(say: Words, names: Iterable[str]) -> str:
    every = list(names)
    shown = say.listing(quoted(name, MAX_NAME_CHARS) for name in every[:MAX_NAMED])
    more = len(every) - MAX_NAMED
    return say.count(say.and_more, more, names=shown) if more > 0 else shown
