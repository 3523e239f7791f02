"""A hostile or damaged pickle is refused with a sentence, and nothing in it runs."""

import builtins
import copyreg
import os
import pickle
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from stylegan2.base.errors import NetworkFileError
from stylegan2.formats.network_file import load_network
from stylegan2.formats.official_pickle import MAX_FILE_BYTES
from stylegan2.formats.pickle_machine import PickleBudget, PickleContentError, Vocabulary, run_pickle
from tests.formats import official_pickles as pickles
from tests.formats.official_pickles import Call, Named, dumps
from tests.formats.test_official_import import tiny_content

PERSISTENT = "torch_utils.persistence _reconstruct_persistent_obj"
LOAD = "torch.storage _load_from_bytes"
REBUILD = "torch._utils _rebuild_tensor_v2"


class Run:
    """Is pickled as the call of a real function, as an attacker would."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """A file that a payload makes if it is run."""
    return tmp_path / "canary"


def refused(path: Path, message: str) -> None:
    with pytest.raises(NetworkFileError, match=message) as caught:
        load_network(path)
    text = str(caught.value)
    assert text.startswith(f"{path}: ")
    assert len(text) < len(str(path)) + 400
    assert text.isascii()
    assert "\n" not in text


@pytest.mark.parametrize(
    ("payload", "name"),
    [
        (lambda canary: Run(os.system, f"touch {canary}"), r"posix\.system"),
        (lambda canary: Run(builtins.eval, f"open({str(canary)!r}, 'w').close()"), r"builtins\.eval"),
        (lambda canary: Run(builtins.exec, f"open({str(canary)!r}, 'w').close()"), r"builtins\.exec"),
        (lambda canary: Run(os.mkdir, str(canary)), r"posix\.mkdir"),
    ],
)
@pytest.mark.parametrize("protocol", [2, 4])
def test_a_pickle_that_runs_a_function_is_refused_by_its_name_and_nothing_runs(
    tmp_path: Path, canary: Path, payload: Callable[[Path], Run], name: str, protocol: int
) -> None:
    if protocol == 2:
        name = name.replace("builtins", "__builtin__")
    content = pickle.dumps({"G_ema": payload(canary)}, protocol)
    (tmp_path / "evil.pkl").write_bytes(content)
    refused(tmp_path / "evil.pkl", f"refused the global '{name}'")
    assert not canary.exists()
    with suppress(Exception):
        pickle.loads(content)  # the payload is live: in Python's own reader it does run
    assert canary.exists()


def test_a_payload_inside_a_module_or_the_numbers_of_a_tensor_is_refused(tmp_path: Path, canary: Path) -> None:
    evil = Run(os.system, f"touch {canary}")
    inside = pickles.module("Generator", {"_parameters": {"weight": evil}})
    refused(pickles.write(tmp_path / "evil.pkl", {"G_ema": inside}), "refused the global 'posix.system'")
    nested = Call(LOAD, pickle.dumps(evil))
    refused(pickles.write(tmp_path / "evil.pkl", {"G_ema": nested}), "refused the global 'posix.system'")
    assert not canary.exists()


def test_the_source_in_the_file_is_never_run(tmp_path: Path) -> None:
    path = pickles.write(tmp_path / "official.pkl", tiny_content())
    assert b"raise SystemExit(" in path.read_bytes()
    load_network(path)


def storage(numbers: int = 4) -> Call:
    buffer = BytesIO()
    torch.save(torch.zeros(numbers)._typed_storage(), buffer, _use_new_zipfile_serialization=False)
    return Call(LOAD, buffer.getvalue())


def tensor(*arguments: Any) -> Call:
    return Call(REBUILD, *arguments)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (Call(PERSISTENT), "refused the arguments that the file gives to _reconstruct_persistent_obj"),
        (Call(PERSISTENT, "class"), "refused the arguments"),
        (Call(PERSISTENT, {"type": "class", "version": 6, "class_name": 1, "state": {}}), "refused the arguments"),
        (Call(PERSISTENT, {"type": "def", "version": 6, "class_name": "G", "state": {}}), "refused the arguments"),
        (Call(PERSISTENT, {"type": "class", "version": 7, "class_name": "G", "state": {}}), "format 7 of modules"),
        (Call("collections OrderedDict", [("a", 1)]), "refused the arguments that the file gives to a dictionary"),
        (Call("dnnlib.util EasyDict", {"a": 1}), "refused the arguments that the file gives to a dictionary"),
        (Call("builtins set", "abc"), "refused the arguments that the file gives to set"),
        (Call("numpy dtype", "O", False, True), "refused the arguments that the file gives to numpy.dtype"),
        (Call("numpy dtype", "f8,O"), "refused the arguments that the file gives to numpy.dtype"),
        (Call(pickles.NUMPY_SCALAR, "f8", b"12345678"), "refused the arguments that the file gives to numpy's scalar"),
        (Call("torch._utils _rebuild_parameter", 1, True, {}), "refused the arguments"),
        (Call(LOAD, "text"), "refused the arguments that the file gives to _load_from_bytes"),
        (Call(LOAD, b""), "not a pickle, or damaged"),
        (Call(LOAD, dumps(1)), "not in the format of torch.save"),
        (Call(LOAD, b"PK\x03\x04" + bytes(100)), "not a pickle, or damaged"),
        (tensor(storage(), 0, (4,), (1,)), "refused the arguments that the file gives to _rebuild_tensor_v2"),
        (tensor(storage(), 1, (4,), (1,), False, {}), "a tensor reaches beyond its numbers"),
        (tensor(storage(), -1, (4,), (1,), False, {}), "a tensor reaches beyond its numbers"),
        (tensor(storage(), 0, (4,), (-1,), False, {}), "a tensor reaches beyond its numbers"),
        (tensor(storage(), 0, (4, 4), (1, 0), False, {}), "a tensor reaches beyond its numbers"),
        (tensor(storage(), 0, (1 << 40,), (0,), False, {}), "a tensor reaches beyond its numbers"),
        (tensor(storage(), 0, (1,) * 9, (1,) * 9, False, {}), "refused the arguments"),
        (tensor(storage(), 0, (4,), (1, 1), False, {}), "refused the arguments"),
        (tensor(storage(), 0, (True,), (1,), False, {}), "a tensor reaches beyond its numbers"),
        (tensor(b"1234", 0, (4,), (1,), False, {}), "refused the arguments"),
    ],
)
def test_hostile_arguments_of_an_allowed_name_are_refused(tmp_path: Path, call: Call, message: str) -> None:
    refused(pickles.write(tmp_path / "evil.pkl", {"G_ema": call}), message)


@pytest.mark.parametrize(
    ("was", "becomes", "message"),
    [
        (b"K\x04N", b"K\x05N", "has not as many numbers as it says"),
        (b"FloatStorage", b"ShortStorage", r"refused the global 'torch\.ShortStorage'"),
        (b"little_endianq\x02\x88", b"little_endianq\x02\x89", "not little-endian"),
        (b"storage", b"storagf", "refused the arguments that the file gives to a storage"),
    ],
)
def test_numbers_of_a_tensor_that_contradict_themselves_are_refused(
    tmp_path: Path, was: bytes, becomes: bytes, message: str
) -> None:
    (content,) = storage().arguments
    assert content.count(was) == 1
    refused(pickles.write(tmp_path / "evil.pkl", Call(LOAD, content.replace(was, becomes))), message)


@pytest.fixture
def registered() -> Iterator[None]:
    """The extension registry knows os.system under the number 77."""
    copyreg.add_extension("posix", "system", 77)
    yield
    copyreg.remove_extension("posix", "system", 77)


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x82\x4dX\x05\x00\x00\x00touch\x85R.", "refused the pickle instruction EXT1"),
        (b"\x83\x4d\x00.", "refused the pickle instruction EXT2"),
        (b"\x84\x4d\x00\x00\x00.", "refused the pickle instruction EXT4"),
        (b"Pidentity\n.", "refused the pickle instruction PERSID"),
        (b"K\x01Q.", "refused a persistent id"),
        (b"(S'touch'\niposix\nsystem\n.", "refused the pickle instruction STRING"),
        (b"(iposix\nsystem\n.", "refused the pickle instruction INST"),
        (b"(cposix\nsystem\no.", r"refused the global 'posix\.system'"),
        (b"ccollections\nOrderedDict\n)}\x92.", "refused the pickle instruction NEWOBJ_EX"),
        (b"}}b.", "refused to set the state of a dict"),
        (b"ccollections\nOrderedDict\n}b.", r"refused to set the state of 'collections\.OrderedDict'"),
        (b"ccollections\nOrderedDict\n)R}b.", "refused to set the state of a dict"),
        (b"K\x01)R.", "refused to call 1"),
        (b"}K\x01Ns.", "refused a dictionary with 1 as a key"),
        (b"}(K\x01u.", "damaged: it sets items of a dict"),
        (b"N2.", "refused the pickle instruction DUP"),
        (b"h\x05.", "it refers to something that it does not hold"),
        (b"Na.", "a pickle instruction has nothing to work on"),
        (b"Ne.", "a pickle instruction has nothing to work on"),
        (b"\x85.", "a pickle instruction has nothing to work on"),
        (b".", "a pickle instruction has nothing to work on"),
        (b"", "not a pickle, or damaged"),
        (b"\xff", "not a pickle, or damaged"),
        (b"c\x1b[31mevil\nname\n.", r"refused the global '\\x1b\[31mevil\.name'"),
        (b"c" + b"a" * 10_000 + b"\nname\n.", "not a pickle, or damaged"),
        (b"N" * 100, "not a pickle, or damaged"),
    ],
)
def test_an_instruction_that_plain_data_does_not_need_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "evil.pkl").write_bytes(b"\x80\x04" + content)
    refused(tmp_path / "evil.pkl", message)


@pytest.mark.parametrize(
    "content",
    [
        b"\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.",  # BINBYTES8 of 2^63 - 1 bytes
        b"B\xff\xff\xff\xff.",  # BINBYTES of 4 GB
        b"\x8b\xff\xff\xff\x7f.",  # LONG4 of 2 GB
        b"\x96\xff\xff\xff\xff\xff\xff\xff\x7f.",  # BYTEARRAY8
        b"\x95\xff\xff\xff\xff\xff\xff\xff\x7fN.",  # FRAME
        b"Nr\xff\xff\xff\xff.",  # a memo of 2^32 entries
        b"\x8a\xff" + b"\x7f" * 255 + b".",  # a number of 2,040 bits
        b"]" * 200_000 + b"a" * 199_999 + b".",  # lists in lists
        b")" + b"\x85" * 200_000 + b".",  # tuples in tuples
        b"]\x94" + b"h\x00a" * 1000 + b".",  # a list of itself
        b")\x94" + b"".join(b"(" + bytes([104, i]) * 50 + b"t\x94" for i in range(60)) + b".",  # 50^60 leaves
    ],
)
def test_a_bomb_ends_with_a_sentence_and_takes_no_memory(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bomb.pkl").write_bytes(b"\x80\x04" + content)
    tracemalloc.start()
    try:
        refused(tmp_path / "bomb.pkl", "pickle|not a network|refused")
        assert tracemalloc.get_traced_memory()[1] < 100 << 20
    finally:
        tracemalloc.stop()


def test_a_program_of_too_many_instructions_is_stopped() -> None:
    with pytest.raises(PickleContentError, match="more than 2000000 pickle instructions"):
        run_pickle(BytesIO(b"\x80\x04" + b"N" * 1000), Vocabulary({}), PickleBudget(instructions=500))


def test_the_instructions_of_all_tensors_count_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = pickles.write(tmp_path / "official.pkl", tiny_content())
    load_network(path)
    monkeypatch.setattr("stylegan2.formats.official_pickle.PickleBudget", lambda: PickleBudget(instructions=4000))
    refused(path, "pickle instructions: no network needs so many")


def test_a_file_that_is_too_large_is_not_even_read(tmp_path: Path) -> None:
    with (tmp_path / "large.pkl").open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    refused(tmp_path / "large.pkl", "too large for a network")


def module_within_itself() -> bytes:
    meta = b"(X\x04\x00\x00\x00typeX\x05\x00\x00\x00classX\x07\x00\x00\x00versionK\x06"
    meta += b"X\x0a\x00\x00\x00class_nameX\x09\x00\x00\x00Generator"
    meta += b"X\x05\x00\x00\x00state}X\x08\x00\x00\x00_modulesh\x00su"
    make = b"ctorch_utils.persistence\n_reconstruct_persistent_obj\n}" + meta + b"\x85Rq\x01"
    return b"\x80\x04}q\x00" + make + b"h\x00X\x04\x00\x00\x00selfh\x01s}X\x05\x00\x00\x00G_emah\x01s."


def test_a_module_within_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "loop.pkl").write_bytes(module_within_itself())
    refused(tmp_path / "loop.pkl", "its modules are nested deeper or wider than any network's")


def test_a_small_file_of_exponentially_many_modules_is_refused(tmp_path: Path) -> None:
    part = pickles.module("Layer", {})
    for _ in range(6):
        part = pickles.module("Layer", {"_modules": {f"part{index}": part for index in range(50)}})
    content = {"G_ema": pickles.module("Generator", {"_modules": {"synthesis": part}})}
    refused(pickles.write(tmp_path / "wide.pkl", content), "nested deeper or wider")


def test_one_large_tensor_under_many_names_takes_no_memory(tmp_path: Path) -> None:
    large = torch.zeros(1 << 18)
    state = {"_buffers": {f"name{index}": large for index in range(2000)}}
    path = pickles.write(tmp_path / "many.pkl", {"G_ema": pickles.module("Generator", state)})
    assert path.stat().st_size < 2 << 20
    refused(path, "its tensors are larger than the file")


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"_modules": {"b4": 1}}, r"its module 'b4' is 1, where only modules can be"),
        ({"_modules": {"b4\n\x1b[2J": None, "a b": pickles.module("Layer", {})}}, "its module 'a b' is a SavedModule"),
        ({"_modules": []}, r"_modules of a 'Generator' is \[\], not a dictionary"),
        ({"_parameters": {"weight": 1}}, r"'G_ema.weight' is 1, where only tensors can be"),
        ({"_parameters": {"\x1b[2J": torch.zeros(1)}}, r"'G_ema.\\x1b\[2J' is a SavedTensor"),
        ({"_init_kwargs": {"z_dim": ["x" * 1000]}}, "the argument c_dim of a network is missing"),
        ({"_init_args": (4,)}, "a Generator that was built with arguments without names"),
        ({"_init_kwargs": Named("collections OrderedDict")}, "_init_kwargs of a 'Generator' is 'collections.Ordered"),
    ],
)
def test_a_module_of_another_structure_is_refused(tmp_path: Path, state: dict[str, Any], message: str) -> None:
    content = {**tiny_content(), "G_ema": pickles.module("Generator", state)}
    refused(pickles.write(tmp_path / "odd.pkl", content), message)


@cache
def whole() -> bytes:
    return dumps({**tiny_content(), "G": None})


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(cut=st.integers(0, len(whole()) - 1))
@example(cut=1)
def test_a_file_cut_anywhere_is_refused(tmp_path: Path, cut: int) -> None:
    (tmp_path / "cut.pkl").write_bytes(whole()[:cut])
    refused(tmp_path / "cut.pkl", "not a pickle, or damaged")


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(places=st.lists(st.tuples(st.integers(0, len(whole()) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_damaged_file_never_ends_in_anything_but_a_sentence(tmp_path: Path, places: list[tuple[int, int]]) -> None:
    damaged = bytearray(whole())
    for place, value in places:
        damaged[place] = value
    (tmp_path / "damaged.pkl").write_bytes(bytes(damaged))
    with suppress(NetworkFileError):  # a change inside a number is no damage that can be seen
        load_network(tmp_path / "damaged.pkl")


@settings(max_examples=200, deadline=None)
@given(content=st.binary(max_size=200))
def test_any_bytes_are_plain_data_or_refused(content: bytes) -> None:
    with suppress(PickleContentError):
        run_pickle(BytesIO(content), Vocabulary({}), PickleBudget())
