"""The registry of suites: studies that ship with fusefront."""

from dataclasses import dataclass
from typing import Final, final

from ...algorithms import BUILT_IN
from ...problems import entries
from ...registry import Entry, Registry


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
    *("mnist-optdigits", "mnist-left", "mnist-right", "mnist-neg180", "mnist-sum"),
    *("optdigits-left", "optdigits-right", "optdigits-neg180", "optdigits-sum"),
    *("left-right", "left-neg180", "left-sum", "right-neg180", "right-sum", "neg180-sum"),
)


def _add(name: str, summary: str, suite: Suite) -> None:
    SUITES.add(Entry(name=name, target=suite, summary=summary, source="fusefront"))


_add(
    "default",
    "Six digit tasks: all 15 pairs, two triples and all six; thirteen algorithms.",
    Suite(
        problems=tuple(
            f"digits-{tasks}"
            for tasks in (*_PAIRS, "left-right-sum", "mnist-optdigits-neg180", "all")
        ),
        algorithms=THIRTEEN,
        seeds=3,
        budget=50_000,
    ),
)
_add(
    "comparison",
    "Four digit pairs, a triple and all six tasks; every algorithm there is.",
    Suite(
        problems=tuple(
            f"digits-{tasks}"
            for tasks in (
                *("mnist-optdigits", "left-right", "mnist-sum", "optdigits-neg180"),
                *("mnist-optdigits-neg180", "all"),
            )
        ),
        algorithms=BUILT_IN,
        seeds=3,
        budget=20_000,
    ),
)
_add(
    "smoke",
    "Three tasks on optdigits, a pair and the triple; thirteen algorithms, in seconds.",
    Suite(
        problems=("smoke-left-right", "smoke-all"),
        algorithms=THIRTEEN,
        seeds=1,
        budget=5_000,
    ),
)
_add(
    "demo",
    "Three pairs of the default suite: mild, medium and strong conflict; thirteen algorithms.",
    Suite(
        problems=("digits-mnist-optdigits", "digits-mnist-sum", "digits-left-right"),
        algorithms=THIRTEEN,
        seeds=1,
        budget=50_000,
    ),
)


_ENTRIES: Final = tuple(entries())


def _of(**labels: str) -> tuple[str, ...]:
    """Return the names of built-in problems with these labels; plug-ins are left out."""
    return tuple(e.name for e in _ENTRIES if labels.items() <= e.labels.items())


def _half(subset: str) -> tuple[str, ...]:
    return tuple(n for needs in ("nothing", "packages") for n in _of(subset=subset, needs=needs))


for _family, _budget, _summary in (
    ("analytic", 20_000, "Known Pareto fronts: convex, concave, disconnected, degenerate, noisy"),
    ("garments", 50_000, "The Pareto-set-learning classics on digits and garments"),
    ("dino", 20_000, "DINOv2-small, 22 M parameters, experts trained on first use"),
    ("tiny-gpt2", 50_000, "A small GPT-2 on real texts, its experts shipped"),
    ("minilm", 20_000, "MiniLM on real texts, experts trained on first use"),
    ("clip-vit-b32", 100_000, "The papers' eight image tasks, CLIP ViT-B/32 from the hub"),
    ("clip-vit-b16", 100_000, "The papers' eight image tasks, CLIP ViT-B/16 from the hub"),
    ("clip-vit-l14", 100_000, "The papers' eight image tasks, CLIP ViT-L/14 from the hub"),
    ("gpt2", 100_000, "The papers' seven GLUE tasks, GPT-2 from the hub"),
):
    _add(
        _family,
        f"{_summary}; every problem of the family, thirteen algorithms.",
        Suite(problems=_of(family=_family), algorithms=THIRTEEN, seeds=3, budget=_budget),
    )
_add(
    "dev",
    "Problems to tune on: in every offline family, those whose tasks are all in the dev half.",
    Suite(problems=_half("dev"), algorithms=THIRTEEN, seeds=3, budget=50_000),
)
_add(
    "test",
    "Problems for claims: the other half of every offline family; no task is in both halves.",
    Suite(problems=_half("test"), algorithms=THIRTEEN, seeds=5, budget=50_000),
)
