"""Failures of contracts as sentences: the promise, what it requires here, and the finding."""

import traceback
from pathlib import Path
from typing import Any, final

import pytest

_OURS = (Path(__file__).parents[1].resolve(), Path(pytest.__file__).parents[1].resolve())


class BrokenPromise(AssertionError):
    """A promise of a contract that is not kept."""


def expect(promise: str, *, expected: object, found: object) -> None:
    """Check that a finding is the expected one.

    Args:
        promise: What the contract requires, as a sentence without its full stop.
        expected: The value required here.
        found: The value found.

    Raises:
        BrokenPromise: If they differ.
    """
    if found != expected:
        raise BrokenPromise(f"{promise}. Expected: {expected}. Found: {found}.")


@final
class Reporter:
    """A pytest plug-in that collects broken promises instead of tracebacks.

    Attributes:
        kept: Number of promises that are kept.
        broken: What is wrong, by the name of the promise.
    """

    def __init__(self) -> None:
        self.kept = 0
        self.broken: dict[str, str] = {}

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
        """Note the outcome of a test, or of preparing it."""
        outcome = yield
        report = outcome.get_result()
        if report.failed and call.excinfo is not None:
            self.broken[_title(item.name)] = _describe(call.excinfo.value)
        elif report.when == "call" and report.passed:
            self.kept += 1


def _title(name: str) -> str:
    """Return the promise in the name of a test; its parameters follow in brackets."""
    words, bracket, parameters = name.removeprefix("test_").partition("[")
    return words.replace("_", " ") + (f" [{parameters}" if bracket else "")


def _describe(error: BaseException) -> str:
    if isinstance(error, AssertionError):
        return str(error).strip() or "The promise is not kept."
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if not any(Path(f.filename).is_relative_to(p) for p in _OURS)]
    where = f" at {Path(own[-1].filename).name}:{own[-1].lineno}" if own else ""
    return f"No error. Found {type(error).__name__}: {error}{where}."
