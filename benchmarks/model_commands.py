"""How long each command of README's model section takes on this machine, and what it says at its end:
`python -m benchmarks.model_commands`.

The commands are taken from README and run as they stand, one after the other, each a process of its own. Where README
has the reader's pictures, 1,000 of the portraits that the demo draws lie, in 256 pixels. Prints the rows of README's
table; about three minutes on 2 quiet cores, nearly all of them the training. Other programs beside it lengthen the
first figure more than the second, the processor time of all threads. (That of dataset_tool.py's workers is not in it.)
"""

import os
import platform
import re
import resource
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from local_aws import ROOT
from local_aws.drawings import write_drawings

SECTION = "The model can be used alone:"
PICTURES = "Pictures/chairs"


def documented() -> list[str]:
    """The section's commands but for the `cd` before them."""
    block = (ROOT / "README.md").read_text(encoding="utf-8").partition(SECTION)[2]
    return re.findall(r"(?m)^    (python .+)$", block.partition("\n\n")[2].partition("\n\n")[0])


def run(command: str, home: Path) -> tuple[float, float, str]:
    """Seconds, processor seconds, and the last line that the command prints."""
    words = [word.replace("~", str(home)) for word in shlex.split(command, comments=True)]
    program = ROOT / "stylegan2-ada-pytorch" / words[1]
    began, worked = time.perf_counter(), processor_seconds()
    done = subprocess.run(
        [sys.executable, program, *words[2:]], cwd=home, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    seconds, worked = time.perf_counter() - began, processor_seconds() - worked
    if done.returncode:
        raise SystemExit(f"{command}\n{done.stdout}")
    said = re.split(r"[\n\r]", done.stdout.strip())[-1].replace(f"{home}/", "")
    return seconds, worked, re.sub(r" with it: .*", " with it: ...", said)  # the command depends on the installation


def processor_seconds() -> float:
    """Of all processes that this one has started and waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        write_drawings(home / PICTURES, kind="faces", count=1000, size=256)
        print(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}\n")
        print("| program | seconds | of processor time | it says at its end |\n|---|---|---|---|")
        for command in documented():
            seconds, worked, said = run(command, home)
            print(f"| `{shlex.split(command)[1]}` | {seconds:.0f} | {worked:.0f} | `{said}` |", flush=True)


if __name__ == "__main__":
    main()
