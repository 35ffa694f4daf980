"""Where fits run: the interface that the scorer of a run uses, and fits in this process."""

import traceback
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from signal import SIG_IGN, SIGINT, getsignal
from typing import Any, ClassVar, Final, final

from ...errors import NotApplicableError
from ...problems.experts import ExpertPool
from ..score.measure import Asked
from ..score.stages import Question, Stage
from ..study.study import RunSpec
from .fit import Facts, Fit, Rehearsal

_ALLOCATION: Final = "can't allocate memory"
"""Part of the message of torch's RuntimeError for a failed allocation, which has no class."""


class RunEnded(Exception):
    """A run that ended before it was done, with the facts of its record."""

    def __init__(self, facts: Facts) -> None:
        super().__init__(facts)
        self.facts = facts


class FitLost(Exception):
    """The process that fitted has ended; the coordinator knows why, and may retry the run."""


class Fitting(ABC):
    """Fits one run after the other. All methods raise `RunEnded` if the run ends in them.

    Attributes:
        isolation: What keeps rehearsal, fit and scoring apart; recorded with every run.
    """

    isolation: ClassVar[str]

    @abstractmethod
    def rehearse(self, spec: RunSpec) -> tuple[Facts, Rehearsal]:
        """Rehearse a run; return the facts measured, and what its fit needs of them."""

    @abstractmethod
    def fit(self, spec: RunSpec, rehearsal: Rehearsal) -> tuple[Facts, Sequence[Stage]]:
        """Fit a run; return the facts measured, and the Pareto sets that can be asked."""

    @abstractmethod
    def ask(
        self, questions: Sequence[tuple[int, Question]], experts: ExpertPool
    ) -> Iterator[Asked]:
        """Yield the answer of a stage, given by its number, to each question.

        Args:
            questions: All that are asked after a fit, in one call.
            experts: The problem's own pool, which the scorer has opened.
        """


@final
class InProcess(Fitting):
    """Fits in this process, for debuggers: a class of a plug-in may keep state of a rehearsal."""

    isolation: ClassVar[str] = "none"
    _fit: Fit

    def rehearse(self, spec: RunSpec) -> tuple[Facts, Rehearsal]:
        """Rehearse in this process."""
        fit = Fit(spec)
        with ending(fit.facts):
            found = fit.rehearse()
        return fit.facts, found

    def fit(self, spec: RunSpec, rehearsal: Rehearsal) -> tuple[Facts, Sequence[Stage]]:
        """Fit in this process."""
        self._fit = fit = Fit(spec)
        with ending(fit.facts):
            fit.fit(rehearsal)
        return fit.facts, fit.stages

    def ask(
        self, questions: Sequence[tuple[int, Question]], experts: ExpertPool
    ) -> Iterator[Asked]:
        """Yield answers as they are; the scorer recognises equal models."""
        for stage, question in questions:
            with ending({}):
                answer = self._fit.ask(stage, question)
            yield answer


@contextmanager
def ending(facts: Facts) -> Iterator[None]:
    """Raise what a block raises as `RunEnded`, with these facts and the reason.

    The loss of a process passes, since the run is not to blame. An interrupt passes, unless
    interrupts are ignored: then it is not the user's own.
    """
    try:
        yield
    except (RunEnded, FitLost):
        raise
    except NotApplicableError as reason:
        raise RunEnded(facts | {"status": "skipped", "reason": _writable(str(reason))}) from reason
    except KeyboardInterrupt as error:
        if getsignal(SIGINT) is not SIG_IGN:
            raise  # it may be the user's own
        raise RunEnded(facts | failure(error)) from error
    except BaseException as error:  # a plug-in may call sys.exit
        raise RunEnded(facts | failure(error)) from error


def failure(error: BaseException) -> dict[str, Any]:
    """Return the facts of a failed run; every kind of memory exhaustion gets one error class."""
    out_of_memory = isinstance(error, MemoryError) or _ALLOCATION in _text_of(error)
    return {
        "status": "failed",
        "error_class": "OutOfMemory" if out_of_memory else type(error).__name__,
        "error_message": _writable(_text_of(error)),
        "traceback": _writable("".join(traceback.format_exception(error))),
    }


def _text_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as other:  # `__str__` is code of the plug-in, too
        return f"{type(error).__name__}, whose text raises {type(other).__name__}"


def _writable(text: str) -> str:
    """Return the text with lone surrogates, which UTF-8 cannot store, as escapes."""
    return text.encode("utf-8", "backslashreplace").decode()
