"""The registry of suites: studies that ship with fusefront."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, final

from ...algorithms import BUILT_IN
from ...problems import PROBLEMS
from ...registry import Registry


@final
@dataclass(frozen=True, kw_only=True)
class Suite:
    """A study under a name; problems and algorithms are texts, as on the command line."""

    problems: tuple[str, ...]
    algorithms: tuple[str, ...]
    seeds: int
    budget: int | None


SUITES: Final[Registry[Suite]] = Registry("suite", {})
"""Suites by name."""

THIRTEEN: Final = (
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
    *("digits-mnist-optdigits", "digits-mnist-left", "digits-mnist-right"),
    *("digits-mnist-neg180", "digits-mnist-sum", "digits-optdigits-left"),
    *("digits-optdigits-right", "digits-optdigits-neg180", "digits-optdigits-sum"),
    *("digits-left-right", "digits-left-neg180", "digits-left-sum"),
    *("digits-right-neg180", "digits-right-sum", "digits-neg180-sum"),
)


def of_labels(*labels: Mapping[str, str], seeds: int, budget: int) -> Suite:
    """Return the suite of thirteen algorithms on all built-in problems with the given labels.

    Plug-ins are left out, so that a suite has the same runs everywhere.

    Args:
        labels: Sets of labels. A problem belongs to the suite if it has all labels of one set.
        seeds: Number of seeds.
        budget: Cap on the units of each fit.
    """
    entries = PROBLEMS.built_in()
    names = (e.name for wanted in labels for e in entries if wanted.items() <= e.labels.items())
    return Suite(problems=tuple(names), algorithms=THIRTEEN, seeds=seeds, budget=budget)


def of_family(family: str, budget: int) -> Suite:
    """Return the suite of all problems of a family."""
    return of_labels({"family": family}, seeds=3, budget=budget)


def of_half(half: str, seeds: int) -> Suite:
    """Return the suite of all problems of `dev` or `test` that need no downloads from the hub."""
    offline = ({"subset": half, "needs": needs} for needs in ("nothing", "packages"))
    return of_labels(*offline, seeds=seeds, budget=50_000)


SUITES.register_lazily(
    "default",
    "benchmark.study.suites:Suite",
    summary="Six digit tasks: all 15 pairs, two triples and all six; thirteen algorithms.",
    source="fusefront",
    arguments={
        "problems": (
            *_PAIRS,
            *("digits-left-right-sum", "digits-mnist-optdigits-neg180", "digits-all"),
        ),
        "algorithms": THIRTEEN,
        "seeds": 3,
        "budget": 50_000,
    },
)
SUITES.register_lazily(
    "comparison",
    "benchmark.study.suites:Suite",
    summary="Four digit pairs, a triple and all six tasks; every algorithm of fusefront.",
    source="fusefront",
    arguments={
        "problems": (
            *("digits-mnist-optdigits", "digits-left-right", "digits-mnist-sum"),
            *("digits-optdigits-neg180", "digits-mnist-optdigits-neg180", "digits-all"),
        ),
        "algorithms": BUILT_IN,
        "seeds": 3,
        "budget": 20_000,
    },
)
SUITES.register_lazily(
    "smoke",
    "benchmark.study.suites:Suite",
    summary="Three tasks on optdigits, as a pair and as a triple; thirteen algorithms, in seconds.",
    source="fusefront",
    arguments={
        "problems": ("smoke-left-right", "smoke-all"),
        "algorithms": THIRTEEN,
        "seeds": 1,
        "budget": 5_000,
    },
)
SUITES.register_lazily(
    "demo",
    "benchmark.study.suites:Suite",
    summary="Three pairs of the default suite: mild, medium and strong conflict; thirteen "
    "algorithms.",
    source="fusefront",
    arguments={
        "problems": ("digits-mnist-optdigits", "digits-mnist-sum", "digits-left-right"),
        "algorithms": THIRTEEN,
        "seeds": 1,
        "budget": 50_000,
    },
)
for _family, _budget, _summary in (
    (
        "analytic",
        20_000,
        "Known Pareto fronts: convex, concave, disconnected, degenerate and noisy",
    ),
    ("garments", 50_000, "The Pareto-set-learning classics on digits and garments"),
    ("dino", 20_000, "DINOv2-small with 22 M parameters and experts that are trained on first use"),
    ("tiny-gpt2", 50_000, "A small GPT-2 on real texts, with experts that ship"),
    ("minilm", 20_000, "MiniLM on real texts, with experts that are trained on first use"),
    ("clip-vit-b32", 100_000, "CLIP ViT-B/32 from the hub, on the eight image tasks of the papers"),
    ("clip-vit-b16", 100_000, "CLIP ViT-B/16 from the hub, on the eight image tasks of the papers"),
    ("clip-vit-l14", 100_000, "CLIP ViT-L/14 from the hub, on the eight image tasks of the papers"),
    ("gpt2", 100_000, "GPT-2 from the hub, on the seven GLUE tasks of the papers"),
):
    SUITES.register_lazily(
        _family,
        "benchmark.study.suites:of_family",
        summary=f"{_summary}; every problem of the family, thirteen algorithms.",
        source="fusefront",
        arguments={"family": _family, "budget": _budget},
    )
SUITES.register_lazily(
    "dev",
    "benchmark.study.suites:of_half",
    summary="Problems to tune on: in every offline family, those whose tasks are all in the dev "
    "half.",
    source="fusefront",
    arguments={"half": "dev", "seeds": 3},
)
SUITES.register_lazily(
    "test",
    "benchmark.study.suites:of_half",
    summary="Problems to draw conclusions on: the other half of every offline family; no task is "
    "in both halves.",
    source="fusefront",
    arguments={"half": "test", "seeds": 5},
)
