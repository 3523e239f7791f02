"""Every notice as a mail with HTML, with sample pictures: `make notices` writes them into build/notices to look at."""

import base64
import struct
import zlib
from pathlib import Path

from contract.names import LANGUAGES
from tests.unit.notices.notice_samples import samples
from workshop.mailing.html_mail import html_of
from workshop.mailing.letters import Letter
from workshop.notices import Kind, Notice

WITH_PICTURES = {Kind.SUCCEEDED: 6, Kind.PREVIEW: 1}


def letter_of(notice: Notice) -> Letter:
    """The letter that the topic hands over for a notice."""
    language = notice.say.language
    return Letter(
        "5f3a", notice.subject, notice.body, notice.dataset, notice.kind, language, notice.link, notice.pictures
    )


def html_samples(language: str) -> dict[str, str]:
    """Name of the sample -> its HTML in that language; pictures are named and not there."""
    return {
        name: html_of(letter_of(notice), picture_ids(WITH_PICTURES.get(notice.kind, 0)))
        for name, notice in samples(language).items()
    }


def picture_ids(number: int) -> list[str]:
    return [f"picture-{one}@workshop" for one in range(1, number + 1)]


def write_html_samples(folder: Path) -> None:
    """One file for each notice and language, that a browser shows: pictures stand in it."""
    folder.mkdir(parents=True, exist_ok=True)
    for language in LANGUAGES:
        for name, page in html_samples(language).items():
            for number, content_id in enumerate(picture_ids(6)):
                page = page.replace(f"cid:{content_id}", _picture(number))
            (folder / f"{name}.{language}.html").write_text(page, encoding="utf-8")


def _picture(number: int) -> str:
    """A PNG of one colour, as an address."""
    row = b"\0" + bytes([60 + 30 * number, 120, 220 - 30 * number]) * 16
    header = struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(row * 16)), (b"IEND", b"")]
    content = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


if __name__ == "__main__":
    write_html_samples(Path("build/notices"))
