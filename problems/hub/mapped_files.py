"""Memory-mapped files of a suite: merged weights and encoded examples.

Processes on one machine share the pages of these files, and only what is used is read.
"""

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...errors import IntegrityError, MissingDataError
from ..base import Report
from ..cache import digest, read_json, write_whole
from ..checkpoints.checkpoint import Checkpoint
from ..checkpoints.tensors import read_flat, task_vector
from ..classifier import Examples
from ..experts import ExpertPool
from ..layout import Layout

_BASE: Final = "base.npy"
_VECTORS: Final = "task_vectors.npy"


@final
@dataclass(frozen=True, kw_only=True)
class MergedWeights:
    """A folder with `base.npy` `(P,)`, `task_vectors.npy` `(T, P)` and `manifest.json`.

    `task_vectors.npy` has one row per task of the suite. The file is sparse: rows that are not
    written yet take no space. The manifest has the sha256 of the weights that each row was made
    from. Its entry is written after the row, so that an interrupted row counts as missing.
    """

    folder: Path
    tasks: tuple[str, ...]

    def pretrained_sha256(self) -> str | None:
        """Return the sha256 of the pretrained weight files, or None until they are written."""
        found: str | None = self._manifest().get("base")
        return found

    def expert_sha256(self, task: str) -> str | None:
        """Return the sha256 of an expert's weight files, or None until its row is written."""
        found: str | None = self._manifest().get("experts", {}).get(task)
        return found

    def write_pretrained(self, pretrained: Checkpoint, layout: Layout) -> None:
        """Write the pretrained weights and reserve the rows of the experts."""
        self.folder.mkdir(parents=True, exist_ok=True)
        flat = np.lib.format.open_memmap(
            self.folder / _BASE, mode="w+", dtype=np.float32, shape=(layout.size,)
        )
        flat[:] = read_flat(pretrained, layout).numpy()
        flat.flush()
        shape = (len(self.tasks), layout.size)
        np.lib.format.open_memmap(
            self.folder / _VECTORS, mode="w+", dtype=np.float32, shape=shape
        ).flush()
        self._write({"base": pretrained.sha256, "experts": {}})

    def write_expert(
        self, task: str, pretrained: Checkpoint, expert: Checkpoint, layout: Layout
    ) -> None:
        """Write the row of a task, expert minus pretrained model."""
        rows = np.lib.format.open_memmap(self.folder / _VECTORS, mode="r+")
        rows[self.tasks.index(task)] = task_vector(pretrained, expert, layout).numpy()
        rows.flush()
        manifest = self._manifest()
        manifest["experts"][task] = expert.sha256
        self._write(manifest)

    def pool(self, tasks: Sequence[str], layout: Layout) -> ExpertPool:
        """Return the experts of these tasks.

        Equally spaced rows, such as any two in order, are a view of the file, which costs no memory
        until it is read. Other rows are copied.

        Raises:
            MissingDataError: If a row is not written yet.
            IntegrityError: If the files do not have this layout.
        """
        missing = [task for task in tasks if self.expert_sha256(task) is None]
        if missing:
            raise MissingDataError(
                f"Experts of {', '.join(missing)} must be prepared before they are used. Found "
                "none in "
                f"`{self.folder}`. Call `prepare` on the problem first."
            )
        pretrained = _mapped(self.folder / _BASE, (layout.size,), "float32")
        vectors = _mapped(self.folder / _VECTORS, (len(self.tasks), layout.size), "float32")
        index = [self.tasks.index(task) for task in tasks]
        return ExpertPool(
            pretrained=pretrained,
            task_vectors=_rows(vectors, index),
            layout=layout,
            names=tuple(tasks),
        )

    def _manifest(self) -> dict[str, Any]:
        return dict(read_json(self.folder / "manifest.json") or {})

    def _write(self, manifest: dict[str, Any]) -> None:
        write_whole(self.folder / "manifest.json", json.dumps(manifest, indent=1).encode())


def _rows(vectors: Tensor, index: Sequence[int]) -> Tensor:
    steps = {b - a for a, b in pairwise(index)}
    if len(steps) == 1 and min(steps) > 0:
        return vectors[index[0] : index[-1] + 1 : steps.pop()]
    return vectors[list(index)]


CHUNK: Final = 256
"""Examples encoded between two records of progress: at most these are lost if interrupted."""
_LINE_SECONDS: Final = 10.0

Rows = Callable[[int, int], NDArray[Any]]
"""Encodes the examples from one index up to another as `(k, ...)`."""


@final
@dataclass(frozen=True, kw_only=True)
class StoredExamples:
    """A folder with `inputs.npy`, `labels.npy` and `facts.json`, which is written last.

    Inputs are written chunk by chunk into `inputs.partial.npy`. An interrupted encoding of the same
    source resumes after its last chunk.
    """

    folder: Path

    def facts(self) -> dict[str, Any] | None:
        """Return shape, dtype, `source` and `sha256` of the examples; None if not encoded yet."""
        facts: dict[str, Any] | None = read_json(self.folder / "facts.json")
        return facts

    def count(self) -> int:
        """Return the number of examples."""
        facts = self._known()
        return int(facts["shape"][0])

    def digest(self) -> str:
        """Return a digest of inputs and labels, taken when they were encoded."""
        return digest(self._known()["sha256"])

    def load(self) -> Examples:
        """Return the examples; inputs stay on disk until they are used.

        Raises:
            MissingDataError: If they are not encoded yet.
            IntegrityError: If the files are damaged.
        """
        facts = self._known()
        inputs = _mapped(self.folder / "inputs.npy", facts["shape"], facts["dtype"])
        labels = _mapped(self.folder / "labels.npy", facts["shape"][:1], "int64")
        return Examples(inputs=inputs, labels=labels)

    def write(
        self,
        rows: Rows,
        labels: NDArray[np.int64],
        *,
        shape: tuple[int, ...],
        dtype: str,
        source: Mapping[str, Any],
        report: Report,
    ) -> None:
        """Encode and write `len(labels)` examples of this shape."""
        self.folder.mkdir(parents=True, exist_ok=True)
        partial, mark = self.folder / "inputs.partial.npy", self.folder / "progress.json"
        whole = [len(labels), *shape]
        inputs, done = _resume(partial, mark, whole, dtype, source)
        eta = _Eta(len(labels) - done, report)
        for start in range(done, len(labels), CHUNK):
            stop = min(start + CHUNK, len(labels))
            inputs[start:stop] = rows(start, stop)
            inputs.flush()
            write_whole(mark, _dumped({"done": stop, "shape": whole, "source": dict(source)}))
            eta.update(stop - done)
        del inputs
        partial.replace(self.folder / "inputs.npy")
        np.save(self.folder / "labels.npy", labels, allow_pickle=False)
        facts = {"shape": whole, "dtype": dtype, "source": dict(source), "sha256": self._sha256()}
        write_whole(self.folder / "facts.json", _dumped(facts))
        mark.unlink(missing_ok=True)

    def _known(self) -> dict[str, Any]:
        facts = self.facts()
        if facts is None:
            raise MissingDataError(
                f"Examples must be encoded before they are used. Found none in `{self.folder}`. "
                "Call `prepare` on the problem first."
            )
        return facts

    def _sha256(self) -> list[str]:
        found = []
        for name in ("inputs.npy", "labels.npy"):
            with (self.folder / name).open("rb") as file:
                found.append(hashlib.file_digest(file, "sha256").hexdigest())
        return found


@final
class _Eta:
    """Reports of progress over `n` examples, every few seconds and at the end."""

    def __init__(self, n: int, report: Report) -> None:
        self._n, self._report = n, report
        self._start = self._last = time.monotonic()

    def update(self, done: int) -> None:
        now = time.monotonic()
        if now - self._last < _LINE_SECONDS and done < self._n:
            return
        left = round((now - self._start) / done * (self._n - done))
        self._report(f"{done:,} of {self._n:,} examples, ETA {left // 60}:{left % 60:02}")
        self._last = now


def _resume(
    partial: Path, mark: Path, shape: list[int], dtype: str, source: Mapping[str, Any]
) -> tuple[np.memmap[Any, Any], int]:
    """Return the file to write to, and the number of examples of this source in it."""
    progress = read_json(mark)
    wanted = {"shape": shape, "source": dict(source)}
    if progress and {key: progress.get(key) for key in wanted} == wanted and partial.is_file():
        return np.lib.format.open_memmap(partial, mode="r+"), int(progress["done"])
    needed, free = int(np.prod(shape)) * np.dtype(dtype).itemsize, shutil.disk_usage(partial.parent)
    if needed > free.free:
        raise MissingDataError(
            f"`{partial.parent}` must have {needed / 1e9:.1f} GB free for these examples. Found "
            f"{free.free / 1e9:.1f} GB. Set FUSEFRONT_CACHE to a folder on a larger disk."
        )
    mark.unlink(missing_ok=True)
    return np.lib.format.open_memmap(partial, mode="w+", dtype=dtype, shape=tuple(shape)), 0


def _mapped(path: Path, shape: Sequence[int], dtype: str) -> Tensor:
    """Return the array in a file as a tensor; writing to it leaves the file as it is.

    Raises:
        IntegrityError: If the file is damaged. It is never unpickled.
    """
    try:
        array = np.lib.format.open_memmap(path, mode="c")
    except (OSError, ValueError) as error:
        raise _damaged(path, f"{type(error).__name__}: {error}") from error
    if array.shape != tuple(shape) or array.dtype != np.dtype(dtype):
        raise _damaged(path, f"{array.dtype} {array.shape}")
    return torch.from_numpy(array)


def _damaged(path: Path, found: str) -> IntegrityError:
    return IntegrityError(
        f"`{path}` must be as it was written. Found {found}. Delete the folder "
        f"`{path.parent}` and prepare the problem again."
    )


def _dumped(facts: Mapping[str, Any]) -> bytes:
    return json.dumps(facts, indent=1).encode()
