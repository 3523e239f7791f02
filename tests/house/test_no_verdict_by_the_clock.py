"""No test's verdict depends on how fast the machine is.

Whoever waits in a test for another thread or process, waits for HARD_END (tests/patience.py) or without a limit.
Nothing measures time, and nothing sleeps, but what is listed here with its reason.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

TESTS = Path(__file__).resolve().parents[1]
LONG_ENOUGH = 600
WAITS = {"wait", "join", "communicate", "get", "acquire", "result"}  # their first argument, or `timeout`, is a limit
LIMITS = {"timeout", "timeout_seconds", "cpu_seconds"}  # the processor's time depends on the machine, too
CLOCKS = {"monotonic", "perf_counter", "time", "process_time", "sleep"}

# (file, the code): why it is no verdict.
ALLOWED = {
    ("e2e/following.py", "time.monotonic()"): "HARD_END",
    ("e2e/following.py", "time.sleep(LOOK_SECONDS)"): "between two looks",
    ("executor/support.py", "time.monotonic()"): "HARD_END",
    ("executor/support.py", "time.sleep(0.01)"): "between two looks",
    ("executor/conftest.py", "time.monotonic()"): "the clock that a test moves on",
    ("executor/test_jobs.py", "time.sleep(0.01)"): "a copy that goes on until it is stopped",
    ("chaos/explore.py", "time.monotonic()"): "how long to look for faults",
    ("chaos/protocol.py", "time.monotonic()"): "tells how long it took",
    ("data/test_bounded_vetting.py", "WorkerLimits(cpu_seconds=2, memory_bytes=2 << 30)"): "hostile: 100 times as much",
    ("data/test_worker_pool.py", "replace(LIMITS, cpu_seconds=0.5)"): "of what never ends, or measures by it",
    ("data/test_worker_pool.py", "partial(select.select, [], [], [], 1.0)"): "waits without taking time",
    ("training/test_endings.py", "second.join(0.2)"): "asserts that it still waits: a slow machine only makes it truer",
}


def faults_in(code: str) -> Iterator[str]:
    """The calls in a test's source that go by the clock, each as it is written."""
    for node in ast.walk(ast.parse(code)):
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        owner = ast.unparse(function.value) if isinstance(function, ast.Attribute) else ""
        limits = [keyword.value for keyword in node.keywords if keyword.arg in LIMITS]
        limits += node.args[:1] if name in WAITS and owner not in ("os.path", "shlex") else []
        limits += node.args[-1:] if "select.select" in ast.unparse(node) else []
        if any(_is_short(limit) for limit in limits) or (owner == "time" and name in CLOCKS):
            yield ast.unparse(node)
        if name == "settings" or name == "register_profile":
            yield from (ast.unparse(node) for keyword in node.keywords if _is_by_clock(keyword))


def _is_short(limit: ast.expr) -> bool:
    return isinstance(limit, ast.Constant) and isinstance(limit.value, int | float) and 0 < limit.value < LONG_ENOUGH


def _is_by_clock(keyword: ast.keyword) -> bool:
    """Whether a setting of hypothesis fails an example, or a test, for want of speed."""
    match keyword.arg:
        case "deadline":
            return ast.unparse(keyword.value) != "None"
        case "suppress_health_check":
            return not {"too_slow", "list(HealthCheck)"} & set(ast.unparse(keyword.value).replace("]", ".").split("."))
    return False


@pytest.mark.parametrize("file", sorted(TESTS.rglob("*.py")), ids=lambda file: str(file.relative_to(TESTS)))
def test_nothing_goes_by_the_clock(file: Path) -> None:
    found = [(str(file.relative_to(TESTS)), fault) for fault in faults_in(file.read_text())]
    assert [fault for fault in found if fault not in ALLOWED] == []


def test_every_exception_is_still_needed() -> None:
    for name, code in ALLOWED:
        assert code in list(faults_in((TESTS / name).read_text())), (name, code)


def test_hypothesis_fails_no_example_for_being_slow() -> None:
    assert settings.default is not None
    assert settings.default.deadline is None
    assert HealthCheck.too_slow in settings.default.suppress_health_check


@pytest.mark.parametrize(
    "code",
    [
        "process.wait(timeout=60)",
        "subprocess.run(command, timeout=5)",
        "event.wait(30)",
        "thread.join(1.5)",
        "out = process.communicate(timeout=120)[0]",
        "future.result(10)",
        "select.select([worker], [], [], 30)",
        "Limits(cpu_seconds=0.5, memory_bytes=1)",
        "time.sleep(1)",
        "assert time.monotonic() - asked < 60",
        "settings(deadline=200)",
        "settings(suppress_health_check=[HealthCheck.function_scoped_fixture])",
    ],
)
def test_a_verdict_by_the_clock_is_found(code: str) -> None:
    assert list(faults_in(code))


@pytest.mark.parametrize(
    "code",
    [
        "process.wait(timeout=HARD_END)",
        "thread.join()",
        "', '.join(names)",
        "settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])",
        "settings(suppress_health_check=list(HealthCheck))",
        "found.get('a', 1)",
    ],
)
def test_what_does_not_go_by_the_clock_is_left_alone(code: str) -> None:
    assert list(faults_in(code)) == []
