"""Failures of contracts as sentences: the promise, what it requires here, and the finding."""

import sysconfig
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any, final

import pytest

_OURS = (
    Path(__file__).parents[1].resolve(),
    Path(pytest.__file__).parents[1].resolve(),
    Path(sysconfig.get_path("stdlib")).resolve(),
    Path("<frozen _sitebuiltins>"),  # where `exit` is
)


class BrokenPromise(AssertionError):
    """A promise of a contract that is not kept."""


@final
class BrokenFit(BrokenPromise):
    """A fit without a usable Pareto set, so that no promise about its result can be tested.

    Args:
        promise: What a fit must do, as the name of the promise.
        finding: What was expected and found.
        cause: Equal for two failures that one correction fixes.
    """

    def __init__(self, promise: str, finding: str, *, cause: str) -> None:
        super().__init__(finding)
        self.promise = promise
        self.cause = cause


def failed_fit(promise: str, error: BaseException) -> BrokenFit:
    """Return the broken promise of a fit, or of its result, that raised an error."""
    frames = traceback.extract_tb(error.__traceback__)
    place = (_outside(frames) or frames)[-1]
    cause = f"{type(error).__name__} {place.filename}:{place.lineno}"
    return BrokenFit(promise, _raised(error), cause=cause)


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

    A cause that breaks a fit is collected once. The other promises that it breaks are counted.

    Attributes:
        kept: Number of promises that are kept.
        broken: What is wrong, by the name of the promise.
        untested: Number of promises that need a fit which is broken already.
    """

    def __init__(self) -> None:
        self.kept = 0
        self.broken: dict[str, str] = {}
        self.untested = 0
        self._causes: set[str] = set()

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
        """Note the outcome of a test, or of preparing it."""
        outcome = yield
        report = outcome.get_result()
        if report.failed and call.excinfo is not None:
            self._note(item.name, call.excinfo.value)
        elif report.when == "call" and report.passed:
            self.kept += 1

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Note an interrupt that the algorithm raised: it ends the tests."""
        self.broken["a fit is not interrupted"] = _describe(excinfo.value)

    def _note(self, test: str, error: BaseException) -> None:
        if not isinstance(error, BrokenFit):
            self.broken[_title(test)] = _describe(error)
        elif error.cause in self._causes:
            self.untested += 1
        else:
            self._causes.add(error.cause)
            self.broken[error.promise] = _describe(error)


def _title(name: str) -> str:
    """Return the promise in the name of a test; its parameters follow in brackets."""
    words, bracket, parameters = name.removeprefix("test_").partition("[")
    return words.replace("_", " ") + (f" [{parameters}" if bracket else "")


def _describe(error: BaseException) -> str:
    if isinstance(error, AssertionError):
        return str(error).strip() or "The promise is not kept."
    return _raised(error)


def _raised(error: BaseException) -> str:
    own = _outside(traceback.extract_tb(error.__traceback__))
    where = f" ({Path(own[-1].filename).name}:{own[-1].lineno})" if own else ""
    text = str(error).strip().rstrip(".")
    said = f": {text}" if text else ""
    return f"Expected: no error. Found: {type(error).__name__}{said}{where}."


def _outside(frames: Sequence[traceback.FrameSummary]) -> list[traceback.FrameSummary]:
    """Return the frames in neither fusefront, the packages beside pytest nor Python itself."""
    return [f for f in frames if not any(Path(f.filename).is_relative_to(p) for p in _OURS)]
