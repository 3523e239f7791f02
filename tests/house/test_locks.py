"""What is installed is what the locks list, by hash, and the locks are of what is asked for."""

import re
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TORCH = ROOT / "requirements" / "torch.txt"
ASKED = sorted(
    file
    for pattern in ("requirements/*.txt", "layers/*/requirements.txt", "containers/*/requirements.txt")
    for file in ROOT.glob(pattern)
    if file != TORCH
)
TESTED = ROOT / "requirements" / "test.lock"
PIN = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?==(\S+)")
OF_TORCH = re.compile(r"torch|triton|nvidia-.*|cuda-.*")


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def asked(file: Path) -> dict[str, str]:
    """The versions that a file asks for, and those it includes."""
    pins: dict[str, str] = {}
    for line in file.read_text().splitlines():
        if line.startswith("-r "):
            pins |= asked(file.parent / line[3:])
        elif line and not line.startswith("#"):
            pin = PIN.fullmatch(line)
            assert pin, f"{file}: {line} is no exact version"
            pins[canonical(pin[1])] = pin[2]
    return pins


def entries(lock: Path) -> list[str]:
    """A lock's entries, comments left out and continuation lines joined."""
    text = re.sub(r"(?m)^ *#.*\n", "", lock.read_text())
    return [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]


def locked(lock: Path) -> dict[str, set[str]]:
    """Name -> versions: another one for another Python or system."""
    versions: defaultdict[str, set[str]] = defaultdict(set)
    for entry in entries(lock):
        pin = PIN.match(entry)
        assert pin, f"{lock}: {entry[:80]}"
        versions[canonical(pin[1])].add(pin[2])
    return dict(versions)


def lock_of(file: Path) -> Path:
    return file.with_suffix(".lock")


def named(file: Path) -> str:
    return str(file.relative_to(ROOT))


@pytest.mark.parametrize("file", ASKED, ids=named)
def test_a_lock_has_what_is_asked_for(file: Path) -> None:
    has = locked(lock_of(file))
    wanted = asked(file)
    if "containers" not in file.parts:
        wanted.pop("torch", None)
    assert {name: has.get(name) for name in wanted} == {name: {version} for name, version in wanted.items()}


@pytest.mark.parametrize("file", ASKED, ids=named)
def test_every_entry_of_a_lock_has_a_hash_and_none_says_where_to_look(file: Path) -> None:
    assert [entry for entry in entries(lock_of(file)) if "--hash=sha256:" not in entry] == []
    places = r"https?:|--(extra-)?index|--find-links| @ |/(root|home|tmp|work|opt)/"
    assert not re.search(places, lock_of(file).read_text())


@pytest.mark.parametrize("file", [f for f in ASKED if f.name == "requirements.txt" or f.stem == "run"], ids=named)
def test_what_runs_has_the_versions_that_the_tests_run_with(file: Path) -> None:
    tested = locked(TESTED)
    runs = {name: versions for name, versions in locked(lock_of(file)).items() if not OF_TORCH.fullmatch(name)}
    assert runs == {name: tested.get(name) for name in runs}


def test_whose_build_of_torch_it_is_the_environments_leave_open_and_the_images_do_not() -> None:
    of_torch = {named(f) for f in ASKED if any(OF_TORCH.fullmatch(name) for name in locked(lock_of(f)))}
    assert of_torch == {"containers/infer/requirements.txt", "containers/train/requirements.txt"}
    assert asked(TORCH).keys() == {"torch"}


def test_nothing_but_torch_is_installed_without_its_hash() -> None:
    """Whatever `pip install` the Makefiles and Dockerfiles say."""
    files = [ROOT / "Makefile", *(ROOT / "layers").glob("*/Makefile"), *(ROOT / "containers").glob("*/Dockerfile")]
    lines = [line for file in files for line in file.read_text().replace("\\\n", " ").splitlines()]
    installing = [line for line in lines if re.search(r"\bpip install\b", line) and not line.startswith("#")]
    assert len(installing) == len(files) + 1
    (open_line,) = [line for line in installing if "--require-hashes" not in line]
    assert open_line.split()[-2:] == ["--requirement", "requirements/torch.txt"]
