"""The suites: one backbone each, its experts and tasks, and the published facts about them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any, Final, Literal, final


@final
@dataclass(frozen=True, kw_only=True)
class HubTask:
    """A task: a data set, and the expert fine-tuned on its training split.

    Attributes:
        name: Name of the task in problem names.
        title: Name of the task in the literature.
        dataset: Repository of the data on the hub.
        config: Configuration of the data set; "" if it has only one.
        expert: Name of the task in the names of expert checkpoints.
        inputs: Columns of the inputs: an image, or one or two texts.
        test_split: Split of the data set that is used for testing.
        n_classes: Number of classes.
        n_test: Published number of test examples.
        trait: The task in a few words.
        question: Tasks with the same question have the same classes on different inputs.
    """

    name: str
    title: str
    dataset: str
    config: str = ""
    expert: str
    inputs: tuple[str, ...] = ("image",)
    test_split: str = "test"
    n_classes: int
    n_test: int
    trait: str
    question: str


def _image(name: str, title: str, n_classes: int, n_test: int, trait: str) -> HubTask:
    """Return a vision task whose data set and expert have the name of the task."""
    return HubTask(
        name=name,
        title=title,
        dataset=f"tanganke/{name}",
        expert=name,
        n_classes=n_classes,
        n_test=n_test,
        trait=trait,
        question=name,
    )


def _digits(
    name: str, title: str, n_test: int, trait: str, *, dataset: str, config: str = ""
) -> HubTask:
    return HubTask(
        name=name,
        title=title,
        dataset=dataset,
        config=config,
        expert=name,
        n_classes=10,
        n_test=n_test,
        trait=trait,
        question="digit",
    )


VISION: Final = (
    _image("sun397", "SUN397", 397, 19_850, "397 indoor and outdoor scenes"),
    HubTask(
        name="cars",
        title="Cars",
        dataset="tanganke/stanford_cars",
        expert="stanford-cars",
        n_classes=196,
        n_test=8_041,
        trait="196 fine-grained car models",
        question="cars",
    ),
    _image("resisc45", "RESISC45", 45, 6_300, "45 kinds of places from the air"),
    _image("eurosat", "EuroSAT", 10, 2_700, "10 land uses from a satellite"),
    _digits(
        "svhn",
        "SVHN",
        26_032,
        "digits on house fronts",
        dataset="ufldl-stanford/svhn",
        config="cropped_digits",
    ),
    _image("gtsrb", "GTSRB", 43, 12_630, "43 traffic signs"),
    _digits("mnist", "MNIST", 10_000, "hand-written digits", dataset="ylecun/mnist"),
    _image("dtd", "DTD", 47, 1_880, "47 textures"),
)


def _glue(
    name: str, title: str, inputs: tuple[str, ...], n_test: int, trait: str, *, question: str
) -> HubTask:
    return HubTask(
        name=name,
        title=title,
        dataset="nyu-mll/glue",
        config=name,
        expert=name,
        inputs=inputs,
        test_split="validation_matched" if name == "mnli" else "validation",
        n_classes=3 if name == "mnli" else 2,
        n_test=n_test,
        trait=trait,
        question=question,
    )


_PAIR: Final = ("sentence1", "sentence2")

GLUE: Final = (
    _glue("cola", "CoLA", ("sentence",), 1_043, "grammar of one sentence", question="grammar"),
    _glue(
        "mnli",
        "MNLI",
        ("premise", "hypothesis"),
        9_815,
        "entailment in three classes",
        question="entailment",
    ),
    _glue("mrpc", "MRPC", _PAIR, 408, "paraphrases in news", question="paraphrase"),
    _glue(
        "qnli", "QNLI", ("question", "sentence"), 5_463, "answers to questions", question="answer"
    ),
    _glue(
        "qqp",
        "QQP",
        ("question1", "question2"),
        40_430,
        "duplicates of questions",
        question="paraphrase",
    ),
    _glue("rte", "RTE", _PAIR, 277, "entailment in two classes", question="entailment"),
    _glue("sst2", "SST-2", ("sentence",), 872, "sentiment of film reviews", question="sentiment"),
)


Kind = Literal["clip", "gpt2"]


@final
@dataclass(frozen=True, kw_only=True)
class Suite:
    """A pretrained model with one expert per task.

    Attributes:
        name: Name of the suite in problem names.
        title: Name of the suite in the literature.
        kind: Architecture, which decides preprocessing and heads.
        pretrained: Repository of the pretrained model.
        expert_stem: Repository of an expert without its end, the task's `expert`.
        tasks: Tasks in the order of problems and of published tables.
        triples: Sets of three tasks that papers use.
    """

    name: str
    title: str
    kind: Kind
    pretrained: str
    expert_stem: str
    tasks: tuple[HubTask, ...]
    triples: tuple[tuple[str, str, str], ...] = ()

    def expert(self, task: str) -> str:
        """Return the repository of a task's expert."""
        return self.expert_stem + self.task(task).expert

    def task(self, name: str) -> HubTask:
        """Return the task of this name."""
        return next(task for task in self.tasks if task.name == name)

    def subsets(self) -> Iterator[tuple[str, ...]]:
        """Yield the tasks of each problem: all pairs, the papers' triples, all tasks."""
        names = tuple(task.name for task in self.tasks)
        yield from combinations(names, 2)
        yield from self.triples
        yield names


def _clip(name: str, title: str, model: str) -> Suite:
    return Suite(
        name=name,
        title=title,
        kind="clip",
        pretrained=f"openai/{model}",
        expert_stem=f"tanganke/{model}_",
        tasks=VISION,
        triples=(("sun397", "cars", "dtd"),),
    )


SUITES: Final = {
    suite.name: suite
    for suite in (
        _clip("clip-vit-b32", "CLIP ViT-B/32", "clip-vit-base-patch32"),
        _clip("clip-vit-b16", "CLIP ViT-B/16", "clip-vit-base-patch16"),
        _clip("clip-vit-l14", "CLIP ViT-L/14", "clip-vit-large-patch14"),
        Suite(
            name="gpt2",
            title="GPT-2",
            kind="gpt2",
            pretrained="openai-community/gpt2",
            expert_stem="tanganke/gpt2_",
            tasks=GLUE,
        ),
    )
}


_FOLDER: Final = Path(__file__).parent / "facts"


@final
@dataclass(frozen=True, kw_only=True)
class Prompts:
    """The prompts of a zero-shot head: every class name in every template.

    Class names are in the order of class indices; templates have `{}` in the place of the name.
    Source: Radford et al. 2021, as in `task_vectors` (Ilharco et al. 2023). Misspellings are kept,
    since the experts were trained with heads made from them.
    """

    classes: tuple[str, ...]
    templates: tuple[str, ...]

    def texts(self, name: str) -> list[str]:
        """Return the prompts of one class."""
        return [template.format(name) for template in self.templates]


@final
@dataclass(frozen=True, kw_only=True)
class Published:
    """Published accuracies of a suite's models in percent, by task.

    Attributes:
        pretrained: The pretrained model; for GPT-2, with the head of each expert.
        experts: `experts[model][task]`.
        average: The simple average of all experts of the suite.
        source: Publication of the numbers.
    """

    pretrained: dict[str, float]
    experts: dict[str, dict[str, float]]
    average: dict[str, float]
    source: str


def prompts(task: str) -> Prompts:
    """Return class names and templates of a vision task."""
    facts = _read(task)
    return Prompts(classes=tuple(facts["classes"]), templates=tuple(facts["templates"]))


def published(suite: str) -> Published:
    """Return the published accuracies of a suite's models."""
    facts = _read("published")[suite]
    tasks = facts["tasks"]

    def by_task(row: list[float]) -> dict[str, float]:
        return dict(zip(tasks, row, strict=True))

    return Published(
        pretrained=by_task(facts["pretrained"]),
        experts={m: by_task(row) for m, row in zip(tasks, facts["experts"], strict=True)},
        average=by_task(facts["average_of_all"]),
        source=facts["source"],
    )


def pinned_revision(repository: str) -> str | None:
    """Return the commit of a repository that this project pins; None if it pins none.

    Args:
        repository: `owner/name` of a model, `datasets/owner/name` of a data set.
    """
    revision: str | None = _read("revisions")[repository]
    return revision


@cache
def _read(name: str) -> Any:
    return json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))
