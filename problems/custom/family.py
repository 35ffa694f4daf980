"""A user's own checkpoints and data as a family of experts."""

import json
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Final, final

import torch
from torch import Tensor, nn

from ...errors import FusefrontError, IntegrityError
from ..base import Finding, Report, Split
from ..cache import cache_directory, cached_tensors, digest, read_json, write_whole
from ..checkpoints.location import check_on_hub, file_sha256, find_here
from ..classifier import Examples
from ..experts import ExpertPool
from ..family import MEASURED, ExpertFamily, FamilyProblem, one_thread
from ..fine_tuning import Head, fit_head
from ..network import EVALUATION_BATCH
from .examples import ExampleStore
from .heads import head_file, head_shape, read_head
from .models import REMARK, Loaded, Models
from .problem_file import ProblemFile
from .weights import READING, check_weights

_CODE: Final = 2
"""Version of the problem; increased whenever the same files give other results."""

_GAIN: Final = "gain of"
_RESOLUTION: Final = 10
"""Standard errors that an expert should gain: below, differences between methods are noise."""


@final
class CustomFamily(ExpertFamily):
    """The pretrained model, experts, heads and examples that a problem file names.

    Args:
        file: The problem file.
    """

    def __init__(self, file: ProblemFile) -> None:
        self._file = file
        self._experts: dict[str, tuple[Tensor, Head]] = {}

    def preflight(self, tasks: Sequence[str]) -> Iterator[Finding]:
        """Yield a finding for each model and data set, up to the first error.

        No model is evaluated, so that only a run finds experts that gain nothing.
        """
        try:
            absent = self._absent(tasks)
            if absent:
                later = f"{', '.join(absent)}: downloaded and checked on first use"
                yield Finding("checkpoints", True, later)
                return
        except FusefrontError as error:
            yield Finding("checkpoints", False, str(error))
            return
        for what, check in self._checks:
            try:
                yield from check(tasks)
            except FusefrontError as error:
                yield Finding(what, False, str(error))
                return
        known = read_json(self._manifest_file(tasks)) or {"findings": []}
        found = [Finding(*finding.values()) for finding in known["findings"]]
        yield from (f for f in found if f.what.startswith(_GAIN))

    def prepare(self, tasks: Sequence[str], report: Report) -> None:
        """Run the checks of the preflight, then load the experts and measure their gains.

        The checks come first and report their remarks, so that a problem that cannot be merged is
        refused before any model is loaded.

        Raises:
            MissingDataError: If a checkpoint or data is missing.
            IntegrityError: If a checkpoint is unsafe or damaged, or an expert does not fit.
            StudyError: If data lacks the columns or classes that the file names.
        """
        findings = []
        for what, check in self._checks:
            report(f"{self._file.name}: checking {what}")
            for finding in check(tasks):
                if finding.found.startswith(READING):
                    report(f"{self._file.name}: {finding.found}")
                    continue
                findings.append(finding)
                for part in finding.found.split("; "):
                    if part.startswith(REMARK):
                        report(f"{self._file.name}: {finding.what}: {part}")
        for task in tasks:
            report(f"{self._file.name}: loading expert {task}")
            self._expert(task)
        report(f"{self._file.name}: evaluating the pretrained model and the experts")
        findings += self._gains(tasks)
        self._write_manifest(tasks, findings)

    def digest(self, tasks: Sequence[str]) -> str:
        """Return a digest of the checkpoints, heads, data and settings of the given tasks."""
        file = self._file
        heads = [
            [
                task,
                self._head_digest(task),
                self._examples.identity(task),
                self._examples.classes(task),
            ]
            for task in tasks
        ]
        settings = [file.pooling, file.max_length, file.modality]
        return digest([_CODE, self._models.facts(tasks), heads, settings])

    def backbone(self) -> nn.Module:
        """Return the model up to its features, with the pretrained parameters."""
        return self._models.backbone()

    def pool(self, tasks: Sequence[str]) -> ExpertPool:
        """Return the pretrained model and the task vectors of the given experts."""
        pretrained = self._pretrained
        vectors = torch.stack([self._expert(task)[0] for task in tasks])
        return ExpertPool(
            pretrained=pretrained.params,
            task_vectors=vectors,
            layout=pretrained.layout,
            names=tuple(tasks),
        )

    def heads(self, tasks: Sequence[str]) -> list[Head]:
        """Return the frozen heads: experts' own, fitted on pretrained features, or from files."""
        return [self._expert(task)[1] for task in tasks]

    def examples(self, task: str, split: Split) -> Examples:
        """Return the encoded examples of a task."""
        return self._examples.examples(task, split)

    @cached_property
    def _models(self) -> Models:
        if self._file.module is not None:
            from .plain import PlainModels

            return PlainModels(self._file)
        from .transformer import TransformerModels

        return TransformerModels(self._file)

    @cached_property
    def _examples(self) -> ExampleStore:
        return ExampleStore(self._file, self._models)

    @cached_property
    def _pretrained(self) -> Loaded:
        return self._models.pretrained()

    def _absent(self, tasks: Sequence[str]) -> list[str]:
        """Return the pretrained model and the experts that only the hub has.

        Raises:
            MissingDataError: If one is a local path that does not exist, or not on the hub either.
        """
        file = self._file
        wanted = [(file.pretrained, file.revision)]
        wanted += [(file.task(task).expert, file.task(task).revision) for task in tasks]
        found = []
        for reference, revision in wanted:
            if find_here(reference, base_folder=file.folder, revision=revision) is None:
                check_on_hub(reference, revision)
                found.append(reference)
        return found

    @property
    def _checks(self) -> tuple[tuple[str, Callable[[Sequence[str]], Iterator[Finding]]], ...]:
        """The checks that `fusefront doctor` and `fusefront run` share, cheap ones first."""
        weights = partial(check_weights, self._file, self._models)
        return (
            ("checkpoints", self._models.compatibility),
            ("weights", weights),
            ("data", self._data),
        )

    def _data(self, tasks: Sequence[str]) -> Iterator[Finding]:
        for task in tasks:
            found = self._examples.check(task)
            self._check_features(task)
            yield Finding(f"data of {task}", True, found)
        yield Finding("splits", True, self._examples.check_disjoint(tasks))

    def _check_features(self, task: str) -> None:
        """Check that the backbone maps an example to features that the head of a task accepts.

        Raises:
            IntegrityError: If it does not.
        """
        example = self._examples.examples(task, "calibration").inputs[:1]
        try:
            shape = tuple(self._models.features(example).shape)
        except (RuntimeError, ValueError, TypeError, IndexError, AttributeError) as error:
            first = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
            raise IntegrityError(
                f"The pretrained model must accept the inputs of task `{task}`, which have shape "
                f"{tuple(example.shape)}. Found {type(error).__name__}: {first}. Correct the data, "
                "its processing, or `pooling`."
            ) from error
        path = head_file(self._file, task)
        width = head_shape(path)[1] if path is not None else None
        if len(shape) != 2 or width not in (None, shape[1]):
            expected = "(1, features)" if width is None else f"(1, {width}), as its head expects"
            raise IntegrityError(
                f"Features of task `{task}` must have shape {expected}. Found {shape}. Correct the "
                "module, or the head."
            )

    def _expert(self, task: str) -> tuple[Tensor, Head]:
        """Return task vector and head of an expert, which is loaded once."""
        if task not in self._experts:
            loaded = self._models.expert(task)
            if loaded.layout != self._pretrained.layout:
                raise IntegrityError(
                    f"Expert `{task}` must have the parameters of the pretrained model. Found "
                    "different ones. Use an expert that was fine-tuned from it."
                )
            vector = loaded.params - self._pretrained.params
            if not bool(torch.isfinite(vector).all()):
                raise IntegrityError(
                    f"The task vector of expert `{task}` must be finite. Found NaN or infinity, "
                    "although all stored weights are finite. Name another checkpoint of it."
                )
            if not bool(vector.any()):
                raise IntegrityError(
                    f"Expert `{task}` must differ from the pretrained model. Found the same "
                    "weights. Name the fine-tuned checkpoint."
                )
            self._experts[task] = (vector, self._checked(task, loaded.head))
        return self._experts[task]

    def _checked(self, task: str, own: Head | None) -> Head:
        head = own if own is not None else self._other_head(task)
        classes = self._examples.classes(task)
        if head[0].shape[0] != len(classes) or head[1].shape != head[0].shape[:1]:
            raise IntegrityError(
                f"The head of task `{task}` must have one row per class: {len(classes)}, "
                f"{', '.join(classes[:6])}. Found weight {tuple(head[0].shape)} and bias "
                f"{tuple(head[1].shape)}. Name the classes in `labels`."
            )
        return head

    def _other_head(self, task: str) -> Head:
        """Return a head from its file, or fitted on pretrained features of calibration data."""
        path = head_file(self._file, task)
        if path is not None:
            return read_head(path)
        n_classes = len(self._examples.classes(task))
        about = [self._examples.identity(task), n_classes, self._file.pooling]
        facts = [self._models.facts(()), *about]
        path = cache_directory() / "custom" / f"head-{digest(facts)}.safetensors"
        found = cached_tensors(path, lambda: self._fitted(task))
        return found["weight"], found["bias"]

    def _fitted(self, task: str) -> dict[str, Tensor]:
        data = self._examples.examples(task, "calibration")
        network = self._models.backbone().eval()
        with one_thread(), torch.inference_mode():
            parts = [network(part) for part in torch.split(data.inputs, EVALUATION_BATCH)]
        with one_thread():
            weight, bias = fit_head(
                torch.cat(parts), data.labels, len(self._examples.classes(task))
            )
        return {"weight": weight, "bias": bias}

    def _head_digest(self, task: str) -> str:
        path = head_file(self._file, task)
        return self._file.head(task) if path is None else file_sha256(path)

    def _gains(self, tasks: Sequence[str]) -> Iterator[Finding]:
        """Yield what each expert gains over the pretrained model on its own task.

        Raises:
            IntegrityError: If an expert gains nothing: objectives would divide by zero.
        """
        problem = FamilyProblem(make_family=lambda: self, tasks=tuple(tasks))
        for split in MEASURED:
            anchors = problem.anchors(split)
            values = zip(anchors.pretrained, anchors.expert, anchors.resolution, strict=True)
            for i, (pretrained, expert, resolution) in enumerate(values):
                if expert <= pretrained:
                    raise IntegrityError(
                        f"Expert `{tasks[i]}` must beat the pretrained model on its own task. "
                        f"Found {expert:.4f} against {pretrained:.4f} on {anchors.n[i]:,} {split} "
                        "examples. Check that `labels` are in the order of its head, or remove "
                        "the task."
                    )
                said = f"{pretrained:.4f} to {expert:.4f}, {resolution:.1f} standard errors"
                small = f"; below {_RESOLUTION}, so give it more {split} data"
                said += small if resolution < _RESOLUTION else ""
                yield Finding(f"{_GAIN} {tasks[i]} on {split}", True, said)

    def _manifest_file(self, tasks: Sequence[str]) -> Path:
        name = f"{self._file.name}-{self.digest(tasks)}.json"
        return cache_directory() / "custom" / name

    def _write_manifest(self, tasks: Sequence[str], findings: Sequence[Finding]) -> None:
        """Write findings and digests of all files to `custom/<name>-<digest>.json`."""
        about = {
            "file": str(self._file.path),
            "findings": [finding._asdict() for finding in findings],
            "files": self._models.facts(tasks),
            "parameters": self._pretrained.layout.size,
        }
        write_whole(self._manifest_file(tasks), json.dumps(about, indent=1).encode())
