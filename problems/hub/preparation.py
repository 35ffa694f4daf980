"""Preparation and inspection of a suite's weights, heads and encoded examples in the cache."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, final, get_args

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from ...errors import FusefrontError, IntegrityError, MissingDataError
from ..base import Finding, Report, Split
from ..cache import cache_directory, cached_tensors, digest, exclusive
from ..checkpoints.checkpoint import Checkpoint, open_checkpoint, signature
from ..family import Head
from ..layout import Layout
from . import data_sets, repositories
from .architecture import Architecture, Encoder, check_fit, misfits
from .clip import Clip
from .data_sets import rows
from .gpt2 import Gpt2
from .mapped_files import MergedWeights, StoredExamples
from .suites import HubTask, Suite

SPLITS: Final[tuple[Split, ...]] = get_args(Split)


@final
@dataclass(frozen=True, kw_only=True)
class Preparation:
    """The part of the cache that belongs to a suite, and how it is filled.

    Weights and heads are in `hub/<suite>`, examples in `hub/data`, since suites can share them.
    The weights and data that are used first are kept: other ones of the same name are refused until
    the folder is deleted, so that results in one directory never mix two versions.
    """

    suite: Suite

    @cached_property
    def architecture(self) -> Architecture:
        """The architecture of the suite."""
        return Clip() if self.suite.kind == "clip" else Gpt2()

    @cached_property
    def pretrained(self) -> Checkpoint:
        """The pretrained model on this machine.

        Raises:
            MissingDataError: If it is not on this machine.
        """
        place = repositories.find(self.suite.pretrained)
        if place is None:
            reason = repositories.unreachable() or "it is not downloaded yet"
            raise MissingDataError(repositories.needs_hub([self.suite.pretrained], reason))
        return open_checkpoint(place.folder)

    @cached_property
    def layout(self) -> Layout:
        """The layout of the merged tensors."""
        return self.architecture.layout(self.pretrained)

    @cached_property
    def encoder(self) -> Encoder:
        """The encoder of examples."""
        return self.architecture.encoder(self.pretrained)

    @property
    def folder(self) -> Path:
        """The folder of the suite's weights and heads."""
        return cache_directory() / "hub" / self.suite.name

    @property
    def weights(self) -> MergedWeights:
        """The flat weights."""
        names = tuple(task.name for task in self.suite.tasks)
        return MergedWeights(folder=self.folder / "weights", tasks=names)

    def stored(self, task: HubTask, split: Split) -> StoredExamples:
        """Return the examples of a split, whether they are encoded yet or not."""
        key = digest([task.dataset, task.config, task.inputs, dict(self.encoder.settings)])
        return StoredExamples(folder=cache_directory() / "hub" / "data" / task.name / key / split)

    def head_path(self, task: HubTask) -> Path:
        """Return the file of a task's head."""
        key = digest(dict(self.architecture.head_settings(task)))
        return self.folder / "heads" / f"{task.name}-{key}.safetensors"

    def read_pretrained(self, report: Report) -> None:
        """Download the pretrained model and write its weights."""
        repositories.fetch_model(self.suite.pretrained, report)
        with exclusive(self.weights.folder, self.suite.title, report):
            kept = self.weights.pretrained_sha256()
            if kept is None:
                report(f"{self.suite.title}: reading the pretrained model")
                self.weights.write_pretrained(self.pretrained, self.layout)
            elif kept != self.pretrained.sha256:
                raise self._changed(self.suite.pretrained, kept, self.pretrained.sha256)

    def read_expert(self, task: HubTask, report: Report) -> None:
        """Download the expert of a task, and write its row and its head."""
        name = self.suite.expert(task.name)
        expert = open_checkpoint(repositories.fetch_model(name, report).folder)
        check_fit(self.architecture, self.pretrained, expert, task, self.layout)
        with exclusive(self.weights.folder, self.suite.title, report):
            kept = self.weights.expert_sha256(task.name)
            if kept is None:
                report(f"{self.suite.title}: reading the expert of {task.title}")
                self.weights.write_expert(task.name, self.pretrained, expert, self.layout)
            elif kept != expert.sha256:
                raise self._changed(name, kept, expert.sha256)

            def made() -> dict[str, Tensor]:
                report(f"{self.suite.title}: making the head of {task.title}")
                weight, bias = self.architecture.head(self.pretrained, expert, task)
                return {"weight": weight, "bias": bias}

            cached_tensors(self.head_path(task), made)

    def encode(self, task: HubTask, report: Report) -> None:
        """Encode the remaining splits of a task."""
        for split in SPLITS:
            stored = self.stored(task, split)
            with exclusive(stored.folder, f"{task.title}, {split}", report):
                if stored.facts() is None:
                    self._encode(task, split, stored, report)

    def is_encoded(self, task: HubTask) -> bool:
        """Return whether all splits of a task are encoded."""
        return all(self.stored(task, split).facts() is not None for split in SPLITS)

    def head(self, task: HubTask) -> Head:
        """Return the frozen head of a task.

        Raises:
            MissingDataError: If it is not prepared yet.
        """
        try:
            tensors = load_file(self.head_path(task))
        except (OSError, SafetensorError) as error:
            raise MissingDataError(
                f"The head of {task.title} must be prepared before it is used. Found none at "
                f"`{self.head_path(task)}`. Call `prepare` on the problem first."
            ) from error
        return tensors["weight"], tensors["bias"]

    def change(self, task: HubTask) -> str | None:
        """Return how the source on this machine differs from the encoded one, or None."""
        now = data_sets.source_here(task)
        for split in SPLITS:
            stored = self.stored(task, split)
            then = (stored.facts() or {}).get("source")
            if now is None or then is None or set(then) != set(now):
                continue  # a mirror and the hub cannot be compared
            if then != now:
                return (
                    f"{split} was encoded from {_source_text(then)}, but this machine now has "
                    f"{_source_text(now)}. Delete `{stored.folder.parent}` to use this one"
                )
        return None

    def _encode(self, task: HubTask, split: Split, stored: StoredExamples, report: Report) -> None:
        opened = data_sets.open_split(task, task.test_split if split == "test" else "train")
        labels = data_sets.labels_of(task, opened.rows)
        index = rows(split, len(labels))

        def encoded(start: int, stop: int) -> Any:
            batch = opened.rows[index[start:stop]]
            return self.encoder.encode([batch[column] for column in task.inputs])

        stored.write(
            encoded,
            labels[index],
            shape=self.encoder.shape,
            dtype=self.encoder.dtype,
            source=opened.source,
            report=lambda line: report(f"encoding {task.title}, {split}: {line}"),
        )

    def _changed(self, name: str, kept: str, found: str) -> IntegrityError:
        return IntegrityError(
            f"`{name}` must have the weights that were used first, sha256 {kept[:12]}. Found "
            f"{found[:12]}. Delete `{self.folder}` to use the new ones."
        )


def _source_text(source: Any) -> str:
    return ", ".join(f"{key} {str(value)[:12]}" for key, value in source.items())


def inspect(made: Preparation, tasks: Sequence[HubTask]) -> Iterator[Finding]:
    """Yield a finding per model and data set of these tasks; only headers are read."""
    if not data_sets.is_installed():
        yield Finding("datasets", False, data_sets.INSTALL)
    pretrained = _pretrained(made)
    yield pretrained
    pretrained_here = pretrained.ok and repositories.find(made.suite.pretrained) is not None
    for task in tasks:
        yield _expert(made, task, pretrained_here)
    for task in tasks:
        yield _data(made, task, pretrained_here)


def _pretrained(made: Preparation) -> Finding:
    name = made.suite.pretrained
    place = repositories.find(name)
    if place is None:
        return _elsewhere(name, "downloaded on first use")
    try:
        shown = signature(made.architecture.merged_part(made.pretrained))
        return Finding(name, True, f"{_where(place)}; {shown}; {made.layout.size:,} merged")
    except FusefrontError as error:
        return Finding(name, False, str(error))


def _expert(made: Preparation, task: HubTask, pretrained_here: bool) -> Finding:
    name = made.suite.expert(task.name)
    place = repositories.find(name)
    if place is None:
        return _elsewhere(name, "downloaded on first use")
    try:
        expert = open_checkpoint(place.folder)
        found = []
        if pretrained_here:
            found = list(misfits(made.architecture, made.pretrained, expert, task, made.layout))
    except FusefrontError as error:
        return Finding(name, False, str(error))
    if found:
        return Finding(name, False, f"{_where(place)}; does not fit: {'; '.join(found[:3])}")
    return Finding(
        name, True, f"{_where(place)}; {'fits the pretrained' if pretrained_here else 'present'}"
    )


def _data(made: Preparation, task: HubTask, pretrained_here: bool) -> Finding:
    name = data_sets.shown(task)
    if pretrained_here and made.is_encoded(task):
        change = made.change(task)
        counts = ", ".join(f"{made.stored(task, split).count():,} {split}" for split in SPLITS)
        return Finding(name, change is None, change or f"encoded: {counts}")
    if data_sets.source_here(task) is None:
        return _elsewhere(data_sets.repository(task), "downloaded and encoded on first use")
    if not data_sets.is_mirrored(task) or not data_sets.is_installed():
        return Finding(name, True, "in the hub's cache; encoded on first use")
    try:
        sizes = {s: _labels(task, s) for s in ("train", task.test_split)}
    except FusefrontError as error:
        return Finding(name, False, str(error))
    counts = ", ".join(f"{n:,} {split}" for split, n in sizes.items())
    return Finding(name, True, f"in the mirror: {counts}; encoded on first use")


def _labels(task: HubTask, split: str) -> int:
    return len(data_sets.labels_of(task, data_sets.open_split(task, split).rows))


def _elsewhere(name: str, later: str) -> Finding:
    reason = repositories.unreachable()
    if reason is None:
        return Finding(name, True, f"not on this machine; {later}")
    return Finding(name, False, repositories.needs_hub([name], reason))


def _where(place: repositories.Place) -> str:
    if place.where == "mirror":
        return f"in the mirror, `{place.folder}`"
    return f"in the hub's cache, revision {place.folder.name[:12]}"
