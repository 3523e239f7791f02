"""Bytes that nobody has thought of, read as settings.yaml: `python -m benchmarks.settings_fuzz [INPUTS] [SEED]`.

A million inputs (or INPUTS) of up to 4,096 bytes: random bytes, random pieces of YAML, mutations of files that are
right, and long repetitions. Each must end as a choice or as a SettingsError that is not the last net's. Prints how many
ended how, the slowest with its time, taken again alone (a pause of the machine is no slow file), and how much memory
was needed on top of what the imports take.
"""

import random
import resource
import sys
import time
from collections import Counter

from workshop.dataset import Caps, default_choice, parse_settings
from workshop.dataset.settings import MAX_SETTINGS_BYTES
from workshop.platform.errors import SettingsError
from workshop.words import words

CAPS = Caps(86_400, {"ml.g5.xlarge": 1.41, "ml.g5.2xlarge": 1.52}, 50)
DEFAULTS = default_choice("balanced")
GOOD = [
    b"preset: sketch       # a first look\nmirror: true\nlanguage: de\n",
    b"\xef\xbb\xbf---\r\npreset: 'best'\r\nresolution: 512\r\nkimg: 0.5\r\n",
    b"seed: 7\nmax_hours: 2.5\ninference_mode: project\nprojection_targets: 4\ninstance_type: ml.g5.xlarge\n",
]
PIECES = [
    *(b"preset", b"kimg", b"seed", b"mirror", b"language", b"resolution", b"<<", b"sketch", b"true", b"yes", b"de"),
    *(b": ", b":", b" ", b"\n", b"\r\n", b"\t", b"#", b" #", b"'", b'"', b"''", b"\\", b"- ", b"---", b"...", b"? "),
    *(b"!!int", b"!!bool", b"!!timestamp", b"!", b"&a", b"*a", b"[", b"]", b"{", b"}", b",", b"|", b">", b"@", b"`"),
    *(b"0", b"1", b"9", b"-", b"+", b".", b"_", b"e", b"0x", b".inf", b".nan", b"12:00", b"25.000", b"~", b"null"),
    *(b"%", b"\xc2\x85", b"\xc2\xa0", b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"\x00", b"\xff", b"\xf0\x9f\x98\x80"),
]


def main(inputs: int, seed: int) -> None:
    """Read so many; raises what escapes."""
    print(f"seed {seed}", flush=True)
    lucky = random.Random(seed)  # noqa: S311  a story to be told again, no secret
    ended: Counter[str] = Counter()
    slowest: list[tuple[float, bytes]] = []
    memory = _most_memory()
    for _ in range(inputs):
        content = _make(lucky)
        start = time.perf_counter()
        ended[_read(content)] += 1
        slowest = sorted([*slowest, (time.perf_counter() - start, content)], reverse=True)[:20]
    again = max((min(_seconds(content) for _ in range(5)), content) for _, content in slowest)
    print(f"{inputs:,} inputs: {dict(ended)}; {(_most_memory() - memory) / 1024:.1f} MiB")
    print(f"slowest {again[0] * 1000:.1f} ms, {len(again[1])} bytes: {again[1][:80]!r}")


def _most_memory() -> int:
    """The most that this process has held, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _make(lucky: random.Random) -> bytes:
    match lucky.randrange(4):
        case 0:
            return lucky.randbytes(lucky.randrange(64))
        case 1:
            return b"".join(lucky.choices(PIECES, k=lucky.randrange(40)))
        case 2:
            content = bytearray(lucky.choice(GOOD))
            for _ in range(lucky.randrange(1, 4)):
                place = lucky.randrange(len(content) + 1)
                content[place : place + lucky.randrange(3)] = lucky.choice(PIECES)
            return bytes(content)
        case _:
            few = lucky.choices(PIECES, k=lucky.randrange(1, 4))
            repeated = b"".join(few) * (MAX_SETTINGS_BYTES // max(1, sum(map(len, few))))
            return (lucky.choice([b"", b"preset: ", b"a: '", b"kimg: "]) + repeated)[:MAX_SETTINGS_BYTES]


def _read(content: bytes) -> str:
    try:
        parse_settings(content, DEFAULTS, CAPS)
    except SettingsError as error:
        if words("en").settings_unreadable in error.problems:
            raise AssertionError(content) from error
        return "refused"
    return "taken"


def _seconds(content: bytes) -> float:
    start = time.perf_counter()
    _read(content)
    return time.perf_counter() - start


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:]]
    main(
        numbers[0] if numbers else 1_000_000, numbers[1] if len(numbers) > 1 else random.SystemRandom().randrange(2**32)
    )
