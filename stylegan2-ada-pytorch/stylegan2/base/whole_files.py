"""Files that appear whole or not at all: where the disk is full, what was there before stays. Or that stay unasked."""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from stylegan2.base.errors import OptionError


@contextmanager
def replacing_file(path: Path) -> Iterator[Path]:
    """Give a place beside `path` to write to; afterwards that file takes the name `path`. Makes the folder.

    What goes wrong leaves no rest; an OSError names `path`, whatever file it was about.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        partial.replace(path)
    except BaseException as error:
        partial.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise OSError(error.errno, error.strerror or str(error), str(path)) from error
        raise


def write_text_whole(path: Path, text: str) -> None:
    """Write a text file (UTF-8); makes the folder."""
    with replacing_file(path) as partial:
        partial.write_text(text, encoding="utf-8")


def copy_whole(source: Path, target: Path) -> None:
    """Copy a file; makes the folder."""
    with replacing_file(target) as partial:
        shutil.copyfile(source, partial)


def refuse_existing(option: str, files: Iterable[Path], overwrite: bool) -> None:
    """Before anything is computed: check that no file would be overwritten that the user may want to keep.

    Raises OptionError, which names the first one that is there, unless all may be overwritten.
    """
    for file in files:
        if not overwrite and file.exists():
            raise OptionError(
                f"{option}: {file} is there already; name another place, or give --overwrite to replace it"
            )
