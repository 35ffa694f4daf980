"""Experts that are fine-tuned on first use and cached under a digest of their recipe."""

import hashlib
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal, final

import torch
from torch import Tensor, nn

from ..errors import IntegrityError, MissingDataError
from .base import Finding, Report, Split
from .cache import cache_directory, digest, exclusive, read_manifest, read_vouched, write_vouched
from .classifier import Examples
from .experts import ExpertPool
from .family import ExpertFamily, one_thread
from .fine_tuning import Head, Progress, Schedule, fine_tune, fit_head
from .network import features, trainable

TrainingSplit = Literal["experts", "calibration", "validation", "test"]

_CODE: Final = 1
"""Raised when this module trains different experts from the same recipe."""
_LINE_SECONDS: Final = 5.0
"""Seconds between two progress lines during training."""


@final
@dataclass(frozen=True, kw_only=True)
class ExpertTraining:
    """The training of one expert: `n_classes` outputs of its head, and the schedule."""

    n_classes: int
    schedule: Schedule


@dataclass(frozen=True, kw_only=True)
class TrainingRecipe(ABC):
    """Everything that decides how the experts of a family are fine-tuned.

    All fields, including those of subclasses, are settings that JSON can hold; changing one gives
    different experts. Callers use `preflight` first, because other methods may need what it finds
    missing.

    Attributes:
        name: Name of the family, in progress lines and in the cache.
        version: Raised when code changes so that equal settings give different experts or features.
    """

    name: str
    version: int

    @abstractmethod
    def preflight(self, tasks: Sequence[str]) -> Iterator[Finding]:
        """Check whether pretrained weights and data of the given tasks are present, loading little.

        The finding of something missing is a complete message that says how to get it.
        """

    @abstractmethod
    def pretrained_sha256(self) -> str:
        """Digest of the pretrained weights."""

    @abstractmethod
    def backbone(self) -> nn.Module:
        """Create the pretrained module, from inputs to features `(B, H)`, at every call.

        Parameters that require gradients are the ones that experts change and that are merged.
        """

    @abstractmethod
    def training(self, task: str) -> ExpertTraining:
        """The training of a task's expert."""

    @abstractmethod
    def seconds(self, task: str) -> float:
        """Estimated time to train this expert on one thread."""

    @abstractmethod
    def examples(self, task: str, split: TrainingSplit) -> Examples:
        """Examples of a task; splits are disjoint.

        Tasks on the same inputs have the same `inputs` tensor.
        """


@final
@dataclass(frozen=True, kw_only=True)
class FirstUseFamily(ExpertFamily):
    """Experts under frozen heads, which `prepare` fine-tunes if they are not in the cache.

    An expert is stored as `experts/<family>/<task>-<digest>.safetensors`, with its task vector and
    head, and a manifest. The digest covers pretrained weights, settings and data.
    """

    recipe: TrainingRecipe

    def preflight(self, tasks: Sequence[str]) -> Iterator[Finding]:
        """Check what the recipe needs, and report the experts that are still to be trained."""
        needs = list(self.recipe.preflight(tasks))
        yield from needs
        if all(finding.ok for finding in needs):
            for task in tasks:
                minutes = max(1, round(self.recipe.seconds(task) / 60))
                later = f"will be trained on first use, about {minutes} min"
                here = self._path(task).is_file()
                yield Finding(f"expert {task}", True, "trained" if here else later)

    def prepare(self, tasks: Sequence[str], report: Report) -> None:
        """Train the experts that are missing or damaged, one after another.

        Raises:
            MissingDataError: If pretrained weights or data are missing.
        """
        missing = [finding.found for finding in self.recipe.preflight(tasks) if not finding.ok]
        if missing:
            raise MissingDataError(" ".join(missing))
        for task in tasks:
            if not self._is_sound(task, report):
                with exclusive(self._path(task), f"{self.recipe.name}: expert {task}", report):
                    if not self._is_sound(
                        task, lambda line: None
                    ):  # no other process has trained it meanwhile
                        self._make(task, report)

    def digest(self, tasks: Sequence[str]) -> str:
        """Digest of the pretrained weights, the files of the experts, and their data."""
        splits: tuple[Split, ...] = ("calibration", "validation", "test")
        facts = [
            [task, self._facts(task)["sha256"], *(self._identity(task, split) for split in splits)]
            for task in tasks
        ]
        return digest([asdict(self.recipe), self.recipe.pretrained_sha256(), facts])

    def backbone(self) -> nn.Module:
        """The pretrained backbone."""
        return self.recipe.backbone()

    def pool(self, tasks: Sequence[str]) -> ExpertPool:
        """The trainable parameters of the backbone, and the experts' task vectors."""
        layout, pretrained = trainable(self.recipe.backbone())
        vectors = torch.empty(len(tasks), layout.size)
        for row, task in zip(vectors, tasks, strict=True):
            tensors = self._read(task)
            found = {name: tensors.get(f"task_vector.{name}") for name in layout.names}
            shapes = [() if t is None else tuple(t.shape) for t in found.values()]
            if shapes != list(layout.shapes) or len(tensors) != len(found) + 2:
                raise IntegrityError(
                    f"`{self._path(task)}` must contain the parameters of this backbone. "
                    "Found others. Delete it and prepare the problem again, which recreates it."
                )
            torch.cat([t.reshape(-1) for t in found.values() if t is not None], out=row)
        return ExpertPool(pretrained=pretrained, task_vectors=vectors, layout=layout, names=tasks)

    def heads(self, tasks: Sequence[str]) -> list[Head]:
        """The frozen heads, fitted on the pretrained features."""
        found = [self._read(task) for task in tasks]
        return [(tensors["head.weight"], tensors["head.bias"]) for tensors in found]

    def examples(self, task: str, split: TrainingSplit) -> Examples:
        """Examples of a task."""
        return self.recipe.examples(task, split)

    def _path(self, task: str) -> Path:
        facts = [
            _CODE,
            asdict(self.recipe),
            asdict(self.recipe.training(task)),
            self.recipe.pretrained_sha256(),
            self._identity(task, "experts"),
        ]
        folder = cache_directory() / "experts" / self.recipe.name
        return folder / f"{task}-{digest(facts)}.safetensors"

    def _facts(self, task: str) -> dict[str, Any]:
        self._must_exist(task)
        return read_manifest(self._path(task))

    def _read(self, task: str) -> dict[str, Tensor]:
        self._must_exist(task)
        return read_vouched(self._path(task))

    def _must_exist(self, task: str) -> None:
        if not self._path(task).is_file():
            raise MissingDataError(
                f"Expert `{task}` of `{self.recipe.name}` must be trained before it is used. "
                "Found no such expert in the cache. Call `prepare` on the problem first."
            )

    def _is_sound(self, task: str, report: Report) -> bool:
        path = self._path(task)
        if not path.is_file():
            return False
        try:
            read_vouched(path)
        except IntegrityError as error:
            report(f"{self.recipe.name}: expert {task} will be trained again. {error}")
            return False
        return True

    def _make(self, task: str, report: Report) -> None:
        start, name = time.perf_counter(), f"{self.recipe.name}: expert {task}"
        training, examples = self.recipe.training(task), self.recipe.examples(task, "experts")
        network = self.recipe.backbone().eval()
        layout, pretrained = trainable(network)
        with one_thread():
            report(f"{name}, head on {len(examples.labels)} examples")
            head = fit_head(features(network, examples.inputs), examples.labels, training.n_classes)
            fine_tune(network, head, examples, training.schedule, _lines(name, report))
        vector = layout.unflatten(trainable(network)[1] - pretrained)
        tensors = {f"task_vector.{key}": value for key, value in vector.items()}
        seconds = round(time.perf_counter() - start, 1)
        facts = {"task": task, "recipe": asdict(self.recipe), "plan": asdict(training)}
        write_vouched(
            self._path(task),
            tensors | {"head.weight": head[0], "head.bias": head[1]},
            facts | {"seconds": seconds},
        )
        report(f"{name} trained in {seconds:.0f} s")

    def _identity(self, task: str, split: TrainingSplit) -> str:
        """Digest of the examples themselves, which detects other data under the same name."""
        key = (task, split)
        if key not in self._identities:
            examples = self.recipe.examples(task, split)
            found = hashlib.sha256()
            for tensor in (examples.inputs, examples.labels):
                found.update(f"{tensor.dtype} {tuple(tensor.shape)}".encode())
                found.update(tensor.contiguous().numpy().tobytes())
            self._identities[key] = found.hexdigest()
        return self._identities[key]

    @cached_property
    def _identities(self) -> dict[tuple[str, str], str]:
        return {}


def _lines(name: str, report: Report) -> Progress:
    """Report progress and remaining time every few seconds, and at the end."""
    start = last = time.monotonic()

    def progress(step: int, steps: int, loss: float) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _LINE_SECONDS or step == steps:
            left = round((now - start) / step * (steps - step))
            report(f"{name} {step}/{steps} steps, loss {loss:.2f}, ETA {left // 60}:{left % 60:02}")
            last = now

    return progress
