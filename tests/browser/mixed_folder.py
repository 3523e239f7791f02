"""A folder as somebody may have it on their desktop: images in sub-folders, and what lies among them."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from local_aws.drawings import draw_face

MARKUP = "<img src=x onerror=harmed=1>"
LABELS = ("stühle", "红椅子", MARKUP)
GOOD_PER_LABEL = 150
COPIES = 20
OF_EACH = 5

# Names of good images, as unkind as a disk allows.
HOSTILE_NAMES = (
    f'">{MARKUP}.png',
    "javascript:harmed=1.png",
    "\u202egnp.rof.jpg",
    "كرسي أحمر 7.jpg",
    f"{'sehr ' * 48}lang.png",
    "100% ähnlich + ?q=1&b=#t=x.PNG",
    "' onerror='harmed=1' x='.jpg",
    "${{constructor}} .png",
)


@dataclass
class MixedFolder:
    """What lies in it: `good` are paths below it with their content, `skipped` how many for which reason (contract)."""

    path: Path
    good: dict[str, bytes] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)


def write_mixed_folder(path: Path) -> MixedFolder:
    """500 files, 450 of them good."""
    folder = MixedFolder(path)
    for place, label in enumerate(LABELS):
        for number, name in enumerate(_names()):
            content = image(place * GOOD_PER_LABEL + number, "PNG" if name.lower().endswith("png") else "JPEG")
            folder.good[f"{label}/{name}"] = content
    for name, content in folder.good.items():
        _write(path / name, content)
    originals = list(folder.good.values())
    heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 400
    others = {
        # Behind the good ones in the order of names: which of two the same is the copy is told by it.
        "duplicate": [(f"{LABELS[1]}/副本 {number:02d}.png", originals[number]) for number in range(COPIES)],
        "heic": [(f"{LABELS[0]}/IMG_{number}.HEIC", heic) for number in range(OF_EACH)],
        "pdf": [(f"brief {number}.pdf", b"%PDF-1.7\n%%EOF") for number in range(OF_EACH)],
        "damaged": [(f"{MARKUP} {number}.png", image(900 + number)[:200]) for number in range(OF_EACH)],
        "empty": [(f"leer {number}.jpg", b"") for number in range(OF_EACH)],
        "text": [(f"seite {number}.png", PAGE) for number in range(OF_EACH)],
        "name_unusable": [(f"zeile\n{number}.png", image(950 + number)) for number in range(OF_EACH)],
    }
    for reason, files in others.items():
        folder.skipped[reason] = len(files)
        for name, content in files:
            _write(path / name, content)
    return folder


PAGE = b"<!doctype html><title>harmed</title><script>harmed = 1; document.title = 'harmed'</script>"


def image(seed: int, kind: str = "PNG") -> bytes:
    data = io.BytesIO()
    draw_face(seed, 32).save(data, kind)
    return data.getvalue()


def _names() -> Iterator[str]:
    yield from HOSTILE_NAMES
    for number in range(GOOD_PER_LABEL - len(HOSTILE_NAMES)):
        yield f"DSC{number:05d}.{'png' if number % 2 else 'jpg'}"


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
