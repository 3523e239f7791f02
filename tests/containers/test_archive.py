"""model.tar.gz is unpacked without being trusted."""

import contextlib
import gzip
import io
import tarfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from containers.errors import ArchiveError
from containers.infer.archive import ArchiveLimits, unpack_model


def archive(folder: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    file = folder / "model.tar.gz"
    with tarfile.open(file, "w:gz") as tar:
        for info, content in members:
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return file


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def test_files_and_folders_are_unpacked(tmp_path: Path) -> None:
    file = archive(
        tmp_path,
        (member("./", tarfile.DIRTYPE), b""),
        (member("samples", tarfile.DIRTYPE), b""),
        (member("samples/reals.png"), b"picture"),
        (member("./network.json"), b"{}"),
    )
    out = tmp_path / "out"
    out.mkdir()
    unpack_model(file, out)
    assert (out / "samples/reals.png").read_bytes() == b"picture"
    assert (out / "network.json").read_bytes() == b"{}"


@pytest.mark.parametrize(
    "hostile",
    [
        member("../escaped"),
        member("a/../../escaped"),
        member("link", tarfile.SYMTYPE, "/etc/passwd"),
        member("link", tarfile.LNKTYPE, "../escaped"),
        member("device", tarfile.CHRTYPE),
        member("pipe", tarfile.FIFOTYPE),
    ],
    ids=lambda info: info.name + info.type.decode(),
)
def test_a_member_that_leads_out_or_is_no_plain_file_is_refused(tmp_path: Path, hostile: tarfile.TarInfo) -> None:
    file = archive(tmp_path, (hostile, b""))
    out = tmp_path / "deep" / "out"
    out.mkdir(parents=True)
    with pytest.raises(ArchiveError):
        unpack_model(file, out)
    assert list(tmp_path.rglob("escaped")) == []
    assert list(out.iterdir()) == []


def test_an_absolute_path_stays_inside_the_destination(tmp_path: Path) -> None:
    file = archive(tmp_path, (member("/absolute"), b"x"))
    out = tmp_path / "out"
    out.mkdir()
    unpack_model(file, out)
    assert [path.name for path in out.iterdir()] == ["absolute"]


def test_an_archive_that_unpacks_to_more_than_the_limit_is_refused(tmp_path: Path) -> None:
    file = archive(tmp_path, (member("zeros"), bytes(2_000_000)))
    assert file.stat().st_size < 10_000
    with pytest.raises(ArchiveError, match="more than 1,000,000 bytes"):
        unpack_model(file, tmp_path, ArchiveLimits(unpacked_bytes=1_000_000))


def test_an_archive_with_too_many_files_is_refused(tmp_path: Path) -> None:
    file = archive(tmp_path, *((member(f"f{number}"), b"") for number in range(5)))
    with pytest.raises(ArchiveError, match="more than 4 files"):
        unpack_model(file, tmp_path, ArchiveLimits(files=4))


def test_a_missing_archive_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=r"model\.tar\.gz is missing"):
        unpack_model(tmp_path / "model.tar.gz", tmp_path)


def test_a_cut_off_archive_is_refused(tmp_path: Path) -> None:
    file = archive(tmp_path, (member("a"), bytes(range(256)) * 400))
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(ArchiveError, match="damaged"):
        unpack_model(file, tmp_path)


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(content=st.binary(max_size=2048), zipped=st.booleans())
def test_any_bytes_are_unpacked_or_refused_with_an_archive_error(tmp_path: Path, content: bytes, zipped: bool) -> None:
    file = tmp_path / "model.tar.gz"
    file.write_bytes(gzip.compress(content) if zipped else content)
    out = tmp_path / "out"
    out.mkdir(exist_ok=True)
    with contextlib.suppress(ArchiveError):
        unpack_model(file, out)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(changes=st.lists(st.tuples(st.integers(0, 2047), st.integers(0, 255)), min_size=1, max_size=12))
def test_a_tar_with_damaged_headers_is_unpacked_inside_or_refused(
    tmp_path: Path, changes: list[tuple[int, int]]
) -> None:
    info = member("samples/a-name-long-enough-for-an-extended-header-" + "x" * 120)
    content = bytearray(gzip.decompress(archive(tmp_path, (info, b"content")).read_bytes())[:4096])
    for place, value in changes:
        content[place] = value
    # The right checksum, so that the damaged header is not thrown away at once.
    total = sum(content[:148]) + 8 * 32 + sum(content[156:512])
    content[148:156] = f"{total:06o}\0 ".encode()
    (tmp_path / "model.tar.gz").write_bytes(gzip.compress(bytes(content)))
    out = tmp_path / "deep" / "out"
    out.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(ArchiveError):
        unpack_model(tmp_path / "model.tar.gz", out)
    assert {path.name for path in tmp_path.iterdir()} == {"model.tar.gz", "deep"}
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["out"]
