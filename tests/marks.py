"""Reads who has made a picture or film out of its file's own structure: nothing of what wrote it is used here.

PNG: chunks (W3C PNG, section 11.3.4.5); JPEG: segments APP1; WebP: chunks of RIFF; MP4: boxes (ISO/IEC 14496-12), whose
keys are Apple's (QuickTime file format, "Metadata"). XMP is read as what it is, RDF in XML.
"""

import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

MACHINE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
FIELDS = [
    "Label",
    "ContentProducer",
    "ProduceID",
    "ReservedCode1",
    "ContentPropagator",
    "PropagateID",
    "ReservedCode2",
]
XMP_BOX = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description"
SOURCE_TYPE = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"
AIGC = "{http://www.tc260.org.cn/ns/AIGC/1.0/}AIGC"


@dataclass(frozen=True)
class Mark:
    """What a file says of its origin."""

    source_type: str | None
    label: dict[str, Any]


def mark_of(data: bytes) -> Mark | None:
    """What the file says; None if it says nothing."""
    packets = list(xmp_packets(data))
    if not packets:
        return None
    assert len(packets) == 1
    (description,) = ElementTree.fromstring(packets[0]).iter(RDF)
    label = json.loads(description.findtext(AIGC) or "{}")
    return Mark(description.get(SOURCE_TYPE), label)


def assert_says_a_machine_made_it(file: Path) -> None:
    mark = mark_of(file.read_bytes())
    assert mark is not None, file
    assert (mark.source_type, list(mark.label), mark.label["Label"]) == (MACHINE, FIELDS, "1"), file
    assert mark.label["ContentProducer"], file
    assert len(mark.label["ProduceID"]) == 32, file


def xmp_packets(data: bytes) -> Iterator[bytes]:
    if data.startswith(b"\x89PNG"):
        for kind, content in png_chunks(data):
            if kind == b"iTXt" and content.startswith(b"XML:com.adobe.xmp\0\0\0\0\0"):
                yield content[22:]
    elif data.startswith(b"\xff\xd8"):
        head = b"http://ns.adobe.com/xap/1.0/\0"
        yield from (content[len(head) :] for content in jpeg_segments(data) if content.startswith(head))
    elif data.startswith(b"RIFF"):
        yield from (content for kind, content in riff_chunks(data) if kind == b"XMP ")
    else:
        for kind, content in boxes(data):
            if kind == b"uuid" and content.startswith(XMP_BOX):
                yield content[16:]


def png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 8
    while place < len(data):
        size, kind = struct.unpack_from(">I4s", data, place)
        content = data[place + 8 : place + 8 + size]
        assert struct.unpack_from(">I", data, place + 8 + size)[0] == zlib.crc32(kind + content)
        yield kind, content
        place += 12 + size


def jpeg_segments(data: bytes) -> Iterator[bytes]:
    place = 2
    while data[place + 1] != 0xDA:  # the scan, after which there are no more
        size = struct.unpack_from(">H", data, place + 2)[0]
        if data[place + 1] == 0xE1:
            yield data[place + 4 : place + 2 + size]
        place += 2 + size


def riff_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    assert struct.unpack_from("<I", data, 4)[0] + 8 == len(data)
    place = 12
    while place < len(data):
        kind, size = struct.unpack_from("<4sI", data, place)
        yield kind, data[place + 8 : place + 8 + size]
        place += 8 + size + size % 2


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 0
    while place < len(data):
        size, kind = struct.unpack_from(">I4s", data, place)
        assert size >= 8
        yield kind, data[place + 8 : place + size]
        place += size


def mp4_keys(data: bytes) -> dict[str, str]:
    """Names and texts of moov/udta/meta or moov/meta, of handler mdta."""
    moov = dict(boxes(data))[b"moov"]
    inside = dict(boxes(moov))
    meta = dict(boxes(inside[b"udta"])).get(b"meta") if b"udta" in inside else inside[b"meta"]
    assert meta is not None
    parts = dict(boxes(meta[4:] if meta[:4] == bytes(4) else meta))
    keys = [content.decode() for _, content in boxes(parts[b"keys"][8:])]
    texts = [dict(boxes(content))[b"data"][8:].decode() for _, content in boxes(parts[b"ilst"])]
    return dict(zip(keys, texts, strict=True))
