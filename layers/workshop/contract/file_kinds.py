"""What a file in a dataset's folder is to us, judged by its name alone.

Only what is certainly no image is sorted out by its name. All else is an image until Prepare has looked at it, which
goes by content, and tells the artist of each file that cannot be used why, and what to do.
"""

import re
import unicodedata
from enum import StrEnum

SETTINGS_NAME = "settings.yaml"
READY_NAME = "_READY"
# A file system takes 255 bytes per name; the images are copied to one.
_MAX_SEGMENT_BYTES = 255
# What systems leave behind: nobody has put it there, and nobody sees it.
_JUNK = frozenset(
    {"__macosx", "@eadir", "thumbs.db", "ehthumbs.db", "desktop.ini"}
    | {"$recycle.bin", "#recycle", "system volume information", "lost+found"}
)
# Endings of texts, tables, archives, films, sounds, models and programs.
_NO_IMAGE = re.compile(
    r""" txt|md|rtf|doc|docx|odt|pages|pdf|epub|csv|tsv|xls|xlsx|ods|numbers|ppt|pptx|odp|key|json|jsonl|xml|xmp|aae
    | yaml|yml|toml|ini|cfg|conf|log|html|htm|css|js|ts|py|ipynb|sh|bat|exe|dll|msi|app|apk|url|webloc|lnk|eml|msg
    | zip|rar|7z|tar|gz|tgz|bz2|xz|zst|iso|dmg|part|partial|tmp|crdownload|download|bak
    | mp4|m4v|mov|avi|mkv|webm|mpg|mpeg|wmv|flv|3gp|mp3|wav|aac|flac|m4a|ogg|opus|wma|mid
    | pt|pth|pkl|ckpt|safetensors|onnx|npy|npz|h5|parquet|db|sqlite|ttf|otf|woff|woff2 """,
    re.VERBOSE,
)

_IMAGE = re.compile(r"png|jpe?g|webp|bmp|tiff?|gif")  # what Prepare can read, if it is what it says
_ARCHIVE = re.compile(r"zip|rar|7z|tar|gz|tgz|bz2|xz|zst")
_YAML_ENDING = re.compile(r"ya?ml(?![a-z])")
# The letters of a name, everything else left out: copies, older ones, endings that editors and browsers give a text,
# and what is left of "yaml" when it is typed in haste.
_SETTINGS_LETTERS = re.compile(
    r"(copyof|kopievon|my|meine?)?(sett?ings?|einstellung(en)?)(copy|kopie|old|new|neu|alt|final|backup|v)*"
    r"(?P<yaml>[jy][aml]{1,4}|aml)?"
    r"(copy|kopie|old|te?xt?|json|toml|ini|cfg|conf|rtf|rtfd|docx?|odt|pages|plist|md|html?|bak|orig|save|tmp|part"
    r"|download)*"
)


class FileKind(StrEnum):
    """What a file is to us."""

    IMAGE = "image"
    SETTINGS = "settings"
    READY = "ready"
    LOOKALIKE = "lookalike"  # whoever put it there means settings, but it is not read
    OTHER = "other"  # certainly no image: left out
    JUNK = "junk"  # left behind by a system: left out, counted, and never named
    REFUSED = "refused"  # a name that could do harm as a path: left out


def kind_of(name: str) -> FileKind:
    """What the file `name` (relative to the dataset's folder) is to us."""
    if name == SETTINGS_NAME:
        return FileKind.SETTINGS
    if name == READY_NAME:
        return FileKind.READY
    if is_folder_marker(name):
        return FileKind.JUNK
    segments = name.split("/")
    if any(_is_hostile(segment) for segment in segments):
        return FileKind.REFUSED
    if _looks_like_settings(segments):
        return FileKind.LOOKALIKE
    if any(segment.startswith(".") or segment.casefold() in _JUNK for segment in segments):
        return FileKind.JUNK
    if _is_no_image(segments):
        return FileKind.OTHER
    return FileKind.IMAGE


def is_archive(name: str) -> bool:
    """Whether a file calls itself an archive, in which there may be images."""
    return _ARCHIVE.fullmatch(name.rpartition(".")[2].casefold()) is not None


def has_image_ending(name: str) -> bool:
    """Whether a file calls itself an image that Prepare can read."""
    return _IMAGE.fullmatch(name.rpartition(".")[2].casefold()) is not None


def is_folder_marker(name: str) -> bool:
    """Whether consoles and file systems on S3 show the object as a folder."""
    return not name or name.endswith(("/", "_$folder$"))


def _is_no_image(segments: list[str]) -> bool:
    # What is named like our own two files is no image, wherever it lies.
    if any(segment in {SETTINGS_NAME, READY_NAME} for segment in segments):
        return True
    stem, _, ending = segments[-1].casefold().rpartition(".")
    return _NO_IMAGE.fullmatch(ending.strip()) is not None if stem else ending in {"_ready", "ready"}


def _looks_like_settings(segments: list[str]) -> bool:
    """At the top of the folder any YAML file, and what is called settings whatever it ends with. In a sub-folder, where
    other programs keep their own settings, only what is both."""
    if any(segment.startswith(".") or segment.casefold() in _JUNK for segment in segments[:-1]):
        return False
    last = unicodedata.normalize("NFKC", segments[-1]).casefold()
    if last in {".settings.yaml", ".settings.yml"}:
        return True
    if last.startswith("."):
        return False
    letters = _SETTINGS_LETTERS.fullmatch(re.sub(r"[^a-z]+", "", last))
    if len(segments) > 1:
        return letters is not None and letters["yaml"] is not None
    return letters is not None or any(_YAML_ENDING.match(part) for part in last.split(".")[1:])


def _is_hostile(segment: str) -> bool:
    if segment in {"", ".", ".."} or "\\" in segment:
        return True
    if any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} for c in segment):
        return True
    return len(segment.encode()) > _MAX_SEGMENT_BYTES
