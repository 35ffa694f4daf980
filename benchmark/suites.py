"""The registry of suites: problems, algorithms, seeds and budget under one name."""

from dataclasses import dataclass
from typing import Final, final

from .registry import Entry, Registry


@final
@dataclass(frozen=True, kw_only=True)
class Suite:
    """A comparison under a name. Algorithms are written as on the command line."""

    problems: tuple[str, ...]
    algorithms: tuple[str, ...]
    seeds: int
    budget: int | None


SUITES: Final[Registry[Suite]] = Registry("suite", {})
"""Suites by name."""

ALL_ALGORITHMS: Final = (
    "pretrained",
    "experts",
    "simple-average",
    "task-arithmetic",
    "rewarded-soup",
    "sobol-pool",
    "map",
    "adamerging-task",
    "adamerging-tensor",
    "ls-coefficients",
    "ls-finetune",
    "pwemoe-ls",
    "phn-ls",
)

_PAIRS: Final = (
    *("mnist-optdigits", "mnist-left", "mnist-right", "mnist-neg180", "mnist-sum"),
    *("optdigits-left", "optdigits-right", "optdigits-neg180", "optdigits-sum"),
    *("left-right", "left-neg180", "left-sum", "right-neg180", "right-sum", "neg180-sum"),
)


def _add(name: str, summary: str, suite: Suite) -> None:
    SUITES.add(Entry(name=name, target=suite, summary=summary, source="fusefront"))


_add(
    "default",
    "Six digit tasks: all 15 pairs, two triples and all six; every algorithm.",
    Suite(
        problems=tuple(
            f"digits-{tasks}"
            for tasks in (*_PAIRS, "left-right-sum", "mnist-optdigits-neg180", "all")
        ),
        algorithms=ALL_ALGORITHMS,
        seeds=3,
        budget=50_000,
    ),
)
_add(
    "smoke",
    "Three tasks on optdigits, a pair and the triple; every algorithm, in seconds.",
    Suite(
        problems=("smoke-left-right", "smoke-all"),
        algorithms=ALL_ALGORITHMS,
        seeds=1,
        budget=5_000,
    ),
)
_add(
    "demo",
    "Three pairs of the default suite: mild, medium and strong conflict; every algorithm.",
    Suite(
        problems=("digits-mnist-optdigits", "digits-mnist-sum", "digits-left-right"),
        algorithms=ALL_ALGORITHMS,
        seeds=1,
        budget=50_000,
    ),
)
