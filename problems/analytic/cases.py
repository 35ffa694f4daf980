"""The registered analytic problems: the parameters that differ from the defaults, and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, final


@final
@dataclass(frozen=True, kw_only=True)
class Case:
    """A registered problem of a family; `front` is given if it differs from the family's shape."""

    name: str
    summary: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    front: str = ""


def _case(name: str, summary: str, *, front: str = "", **parameters: Any) -> Case:
    return Case(name=name, summary=summary, parameters=parameters, front=front)


_COUNTED: Final = (
    "{n} experts 60 degrees apart; shows what each additional task costs an algorithm."
)
_CROWDED: Final = "{n} tasks share a capacity, {shape} front; shows {what}."
_SHAPES: Final = {
    0.5: ("0.5", "concave", "which algorithms keep compromises that no weighted sum prefers"),
    1: ("1", "linear", "which algorithms cover a front on which every weighted sum is indifferent"),
    2: ("2", "convex", "how rays and pools become sparse as the front grows"),
}

CASES: Final[Mapping[str, tuple[Case, ...]]] = {
    "quadratic": (
        *(
            _case(f"t{n}", _COUNTED.format(n=n), n_tasks=n, angle=60.0, dimension=128)
            for n in (2, 3, 4, 5, 6, 8, 10)
        ),
        _case(
            "angle30",
            "Two experts 30 degrees apart, with little conflict; shows what is lost by not"
            " averaging.",
            angle=30.0,
        ),
        _case(
            "angle90",
            "Two orthogonal experts, each worse than the pretrained model on the other task;"
            " shows which algorithms notice.",
            angle=90.0,
        ),
        _case(
            "angle120",
            "Two experts 120 degrees apart; shows which algorithms still gain on both tasks at"
            " once.",
            angle=120.0,
        ),
        _case(
            "angle150",
            "Two nearly opposite experts, where few merges beat the pretrained model on both tasks;"
            " shows whether a search wastes its points.",
            angle=150.0,
        ),
        _case(
            "t3-angle90",
            "Three orthogonal experts; separates coverage inside the triangle from coverage of its"
            " edges.",
            n_tasks=3,
        ),
        _case(
            "t3-angle120",
            "Three experts around the pretrained model, which is already an optimal compromise;"
            " shows which algorithms can return it.",
            n_tasks=3,
            angle=120.0,
        ),
        _case(
            "p2",
            "Two experts and two parameters, so that merging reaches every model; the control for"
            " what descent over all weights gains.",
            dimension=2,
        ),
        _case(
            "p4096",
            "Two experts of 4,096 parameters and noisy examples; separates descent over few"
            " coefficients from descent over all weights.",
            dimension=4096,
            noise=1.0,
        ),
        _case(
            "noise-small",
            "Examples with errors of 0.3 in g; shows how far Pareto sets follow small errors in"
            " validation data.",
            noise=0.3,
        ),
        _case(
            "noise-large",
            "Examples with errors of 3 in g, more than any gain; separates algorithms that"
            " average many examples from those that trust a few.",
            noise=3.0,
        ),
        _case(
            "t4-noise",
            "Four tasks and examples with errors of 1 in g; separates selection from many points,"
            " which overfits, from selection from few.",
            n_tasks=4,
            angle=60.0,
            noise=1.0,
        ),
        _case(
            "complexity10",
            "The second loss has 10 times the curvature; separates algorithms that add raw losses"
            " from those that normalise them.",
            angle=60.0,
            complexity=10.0,
        ),
        _case(
            "t3-complexity30",
            "Losses with curvatures 1, 5.5 and 30; shows whether the task with the smallest one"
            " is ever served.",
            n_tasks=3,
            angle=60.0,
            complexity=30.0,
        ),
        _case(
            "blocks10",
            "Each task is 10 times more sensitive to every second block; separates block-wise"
            " coefficients from one coefficient per task.",
            sensitivity=10.0,
        ),
        _case(
            "blocks100",
            "Each task is 100 times more sensitive to every second block, so that nearly all"
            " conflict can be avoided; clearly separates block-wise coefficients from one per"
            " task.",
            sensitivity=100.0,
        ),
        _case(
            "tensors30",
            "Each task is 30 times more sensitive to one tensor of every block; separates"
            " tensor-wise from block-wise coefficients.",
            sensitivity=30.0,
            granularity="tensor",
        ),
        _case(
            "t3-blocks10",
            "Three tasks, each 10 times more sensitive to every third block; separates block-wise"
            " coefficients from one per task on a front that is a surface.",
            n_tasks=3,
            angle=60.0,
            sensitivity=10.0,
        ),
    ),
    "saturating": (
        _case(
            "width1",
            "Losses that hardly saturate, with a convex front; the control for the narrower ones.",
            width=1.0,
            front="convex",
        ),
        _case(
            "width0.5",
            "A front that is concave except near its ends; separates Tchebycheff and searches from"
            " weighted sums.",
        ),
        _case(
            "width0.3",
            "Losses that are nearly flat away from the experts; shows which algorithms escape where"
            " gradients vanish.",
            width=0.3,
        ),
        _case(
            "t3-width0.5",
            "Three saturating tasks, where no weighted sum reaches the inside of the front; shows"
            " which algorithms do.",
            n_tasks=3,
        ),
        _case(
            "t5-width0.5",
            "Five saturating tasks; shows which algorithms still find compromises that fill little"
            " of the box.",
            n_tasks=5,
        ),
    ),
    "capacity": tuple(
        _case(
            f"q{name}-t{n}",
            _CROWDED.format(n=n, shape=shape, what=what),
            n_tasks=n,
            q=float(q),
            dimension=128,
            front=shape,
        )
        for q, (name, shape, what) in _SHAPES.items()
        for n in (2, 3, 5, 10)
    ),
    "barrier": (
        _case(
            "k2",
            "Two barriers and one valley between the experts; shows which algorithms find the one"
            " merge that works.",
            barriers=2,
        ),
        _case(
            "k3",
            "Three barriers; shows which algorithms visit both valleys between the experts.",
            barriers=3,
        ),
        _case(
            "k5",
            "Five barriers; separates designs of many points from surrogates, which smooth them"
            " away.",
            barriers=5,
        ),
        _case(
            "adversarial",
            "One high barrier: proper merges are worse than the pretrained model on both tasks;"
            " shows which algorithms return the experts instead.",
            barriers=1,
            height=4.0,
            front="adversarial",
        ),
    ),
    "disjoint": (
        *(
            _case(
                f"t{n}",
                f"{n} tasks that share no parameters; shows which coefficients need not sum to 1.",
                n_tasks=n,
            )
            for n in (2, 5, 10)
        ),
        _case(
            "t5-noise",
            "Five tasks without conflict and examples with errors of 1 in g; shows which algorithms"
            " leave the ideal because of noise.",
            n_tasks=5,
            noise=1.0,
        ),
    ),
    "twins": (
        _case(
            "t3-g2",
            "Three tasks, two of them with the same expert; shows which algorithms count it twice.",
            n_tasks=3,
        ),
        _case(
            "t6-g3",
            "Six tasks in three pairs; shows whether a two-dimensional front is found among six"
            " objectives.",
            n_tasks=6,
            groups=3,
        ),
        _case(
            "t8-g2",
            "Eight tasks in two groups of four; shows whether a curve is found among eight"
            " objectives.",
            n_tasks=8,
        ),
    ),
}
"""Cases by family in the order of registration, which is also the natural order of names."""
