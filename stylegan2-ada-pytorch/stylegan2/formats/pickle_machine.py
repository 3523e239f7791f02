"""A machine that carries out pickles of plain data, and executes nothing in them.

A pickle is a program. Python's own reader calls whatever the program names. Here `pickletools` only decodes the
instructions, and those that build plain data are carried out. Nothing is imported: a name is a key of a closed table,
whose entry gets the arguments; a name that is not in the table, or an instruction that is not below, ends the reading.

`pickle.Unpickler` with a closed `find_class` would still set attributes where the file says BUILD, and reserve memory
for whatever number one instruction says. What this machine builds is bounded by the size of the file.
"""

import io
import pickletools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, NoReturn

MAX_INSTRUCTIONS = 2_000_000
"""Three networks for 1024 x 1024 images need some 60,000."""
_LONGEST_LINE = 4096

_CONSTANTS: dict[str, Any] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
_CONTAINERS: dict[str, Callable[[], Any]] = {"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_SET": list}
_LITERALS = {
    "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8",
    "SHORT_BINBYTES", "BINBYTES", "BINBYTES8",
}  # fmt: skip


class PickleContentError(Exception):
    """A pickle is damaged, or holds what is refused; the message does not name the file."""


@dataclass(frozen=True)
class Name:
    """Something of a module, named by a pickle. It stands for itself until an instruction wants to call it."""

    full: str


@dataclass
class PickleBudget:
    """How many more instructions are carried out: of a file and of all pickles within it."""

    instructions: int = MAX_INSTRUCTIONS

    def spend(self) -> None:
        self.instructions -= 1
        if self.instructions < 0:
            raise PickleContentError(f"more than {MAX_INSTRUCTIONS} pickle instructions: no network needs so many")


class BoundedFile:
    """A file that is never asked for more than is left of it: a length in a hostile file reserves no memory."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self._size = file, size

    def read(self, count: int) -> bytes:
        return self._file.read(min(count, max(0, self._size - self._file.tell())))

    def readline(self) -> bytes:
        return self._file.readline(_LONGEST_LINE)

    def tell(self) -> int:
        return self._file.tell()


Builder = Callable[[tuple[Any, ...]], Any]
"""Makes, from the arguments, what calling a name is to give."""


@dataclass(frozen=True)
class Vocabulary:
    """What pickles of one kind may say beyond plain data. What a function refuses, it raises as PickleContentError."""

    builders: Mapping[str, Builder]
    set_state: Callable[[Any, Any], None] = lambda target, state: refuse_request(
        f"to set the state of {shown_value(target)}"
    )
    persistent: Callable[[Any], Any] = lambda identity: refuse_request("a persistent id")


def refuse_request(what: str) -> NoReturn:
    """Raise PickleContentError, which says what the file asks for and does not get."""
    raise PickleContentError(f"refused {what}")


def shown_value(value: object) -> str:
    """Return a value from a file, fit for a message: short, on one line, and never the inside of a container."""
    if isinstance(value, Name):
        value = value.full
    if isinstance(value, int) and abs(value) >= 10**18:
        return "a huge number"
    if value is None or isinstance(value, bool | int | float | str):
        text = ascii(value)
        return text if len(text) <= 80 else f"{text[:76]} ..."
    if isinstance(value, list | tuple) and len(value) <= 8 and all(isinstance(part, int | float) for part in value):
        return f"[{', '.join(shown_value(part) for part in value)}]"
    return f"a {type(value).__name__}"


def run_pickle(stream: BoundedFile | io.BytesIO, vocabulary: Vocabulary, budget: PickleBudget) -> Any:
    """Read one pickle from where the stream stands to the pickle's end.

    Sets become lists, and every kind of dictionary a plain one; its keys must be text. Raises PickleContentError.
    """
    machine = _Machine(vocabulary)
    try:
        for opcode, argument, _ in pickletools.genops(stream):  # type: ignore[arg-type]
            budget.spend()
            if opcode.name == "STOP":
                return machine.stack.pop()
            machine.carry_out(opcode.name, argument)
    except (ValueError, OverflowError) as error:
        raise PickleContentError(f"not a pickle, or damaged: {str(error)[:200]}") from error
    except IndexError as error:
        raise PickleContentError("damaged: a pickle instruction has nothing to work on") from error
    raise PickleContentError("not a pickle, or damaged: it does not end")


class _Machine:
    """The stack and the memory of one pickle."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self.stack: list[Any] = []
        self._below: list[list[Any]] = []
        """The stacks under the marks."""
        self._memo: dict[int, Any] = {}

    def carry_out(self, name: str, argument: Any) -> None:
        """Carry out one instruction. IndexError: the stack is too short for it."""
        stack = self.stack
        match name:
            case "PROTO" | "FRAME":
                pass
            case _ if name in _LITERALS:
                stack.append(argument)
            case _ if name in _CONSTANTS:
                stack.append(_CONSTANTS[name])
            case _ if name in _CONTAINERS:
                stack.append(_CONTAINERS[name]())
            case "MARK":
                self._below.append(stack)
                self.stack = []
            case "TUPLE":
                items = self._since_mark()
                self.stack.append(tuple(items))
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                reversed_items = [stack.pop() for _ in range(int(name[-1]))]
                stack.append(tuple(reversed_items[::-1]))
            case "APPEND":
                self._extend([stack.pop()])
            case "APPENDS" | "ADDITEMS":
                self._extend(self._since_mark())
            case "SETITEM":
                value, key = stack.pop(), stack.pop()
                self._set_items([key, value])
            case "SETITEMS":
                self._set_items(self._since_mark())
            case "BINPUT" | "LONG_BINPUT":
                self._memo[argument] = stack[-1]
            case "MEMOIZE":
                self._memo[len(self._memo)] = stack[-1]
            case "BINGET" | "LONG_BINGET":
                if argument not in self._memo:
                    raise PickleContentError("damaged: it refers to something that it does not hold")
                stack.append(self._memo[argument])
            case "GLOBAL":
                module, _, member = argument.partition(" ")
                stack.append(self._named(module, member))
            case "STACK_GLOBAL":
                member, module = stack.pop(), stack.pop()
                stack.append(self._named(module, member))
            case "REDUCE" | "NEWOBJ":
                arguments, callee = stack.pop(), stack.pop()
                stack.append(self._built(callee, arguments))
            case "BUILD":
                state = stack.pop()
                self._vocabulary.set_state(stack[-1], state)
            case "BINPERSID":
                stack.append(self._vocabulary.persistent(stack.pop()))
            case _:
                refuse_request(f"the pickle instruction {name}")

    def _since_mark(self) -> list[Any]:
        items, self.stack = self.stack, self._below.pop()
        return items

    def _extend(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if not isinstance(target, list):
            raise PickleContentError(f"damaged: it appends to {shown_value(target)}")
        target.extend(items)

    def _set_items(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if not isinstance(target, dict) or len(items) % 2:
            raise PickleContentError(f"damaged: it sets items of {shown_value(target)}")
        for key, value in zip(items[::2], items[1::2], strict=True):
            if not isinstance(key, str):
                refuse_request(f"a dictionary with {shown_value(key)} as a key, which is no text")
            target[key] = value

    def _named(self, module: object, member: object) -> Name:
        if not isinstance(module, str) or not isinstance(member, str):
            raise PickleContentError("damaged: a name in it is no text")
        name = Name(f"{module}.{member}")
        if name.full not in self._vocabulary.builders:
            refuse_request(f"the global {shown_value(name)}")
        return name

    def _built(self, callee: object, arguments: object) -> Any:
        if not isinstance(callee, Name) or not isinstance(arguments, tuple):
            refuse_request(f"to call {shown_value(callee)}")
        return self._vocabulary.builders[callee.full](arguments)
