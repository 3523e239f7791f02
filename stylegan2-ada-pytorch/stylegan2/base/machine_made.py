"""The mark that says, in the file itself, that a picture was made by a machine.

It is an XMP packet with two statements, which readers of metadata find in PNG, JPEG and WebP alike:

- `Iptc4xmpExt:DigitalSourceType`, whose value is IPTC's term for media made by a model that was trained on other media
  (IPTC Photo Metadata Standard 2023.1; NewsCodes, scheme "digitalsourcetype").
- `TC260:AIGC`, the implicit label of GB 45438-2025 (China, in force since 2025-09-01): a JSON object of seven texts,
  Label ("1": certainly generated), ContentProducer, ProduceID, ReservedCode1, ContentPropagator, PropagateID and
  ReservedCode2. Their names, the namespace and its prefix are as programs for TC260's practice guide TC260-PG-20258A
  write them, and as files of Chinese services have them. What is for those who pass a picture on, or sign it, is empty.

A film has the same in its container, see synthesis.mp4 and synthesis.video.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any
from xml.sax.saxutils import escape, quoteattr

from PIL import Image, PngImagePlugin

from stylegan2.base.signed_files import signed

DIGITAL_SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
PRODUCER_VARIABLE = "CONTENT_PRODUCER"
"""Environment variable with the name or code of whoever runs the model, for ContentProducer; in China a duty."""
_PRODUCER = "image-workshop"
_LONGEST_PRODUCER = 200
_PNG_KEYWORD = "XML:com.adobe.xmp"  # XMP specification, part 3, 1.1.5


def content_id(images: Iterable[Image.Image]) -> str:
    """Return what names a picture, or the frames of a film: 32 digits of the SHA-256 of its pixels."""
    digest = hashlib.sha256()
    for image in images:
        digest.update(f"{image.mode} {image.width} {image.height} ".encode())
        digest.update(image.tobytes())
    return digest.hexdigest()[:32]


def aigc_label(produce_id: str) -> str:
    """Return the JSON text of the implicit label, for what has this id."""
    label = {
        "Label": "1",
        "ContentProducer": _producer(),
        "ProduceID": produce_id,
        "ReservedCode1": "",
        "ContentPropagator": "",
        "PropagateID": "",
        "ReservedCode2": "",
    }
    return json.dumps(label, ensure_ascii=False)


def xmp_packet(produce_id: str) -> str:
    """Return the XMP packet for what has this id."""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
        ' xmlns:TC260="http://www.tc260.org.cn/ns/AIGC/1.0/"'
        f" Iptc4xmpExt:DigitalSourceType={quoteattr(DIGITAL_SOURCE_TYPE)}>"
        f"<TC260:AIGC>{escape(aigc_label(produce_id))}</TC260:AIGC>"
        '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
    )


def save_marked(image: Image.Image, place: Path | IO[bytes], image_format: str, **options: Any) -> None:
    """Write one picture as PNG, JPEG or WebP, with the mark; `options` are Pillow's for the format. A file of its own
    is signed where that was asked for; what goes into another one, like a page, is not."""
    if isinstance(place, Path):
        content = io.BytesIO()
        save_marked(image, content, image_format, **options)
        place.write_bytes(signed(content.getvalue(), f"image/{image_format.lower()}"))
        return
    packet = xmp_packet(content_id([image]))
    if image_format == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_itxt(_PNG_KEYWORD, packet)
        image.save(place, image_format, pnginfo=text, **options)
    else:
        image.save(place, image_format, xmp=packet.encode(), **options)


def _producer() -> str:
    """Return who is named as the producer, without what XML cannot hold."""
    name = os.environ.get(PRODUCER_VARIABLE, "").strip()
    return "".join(filter(str.isprintable, name))[:_LONGEST_PRODUCER] or _PRODUCER
