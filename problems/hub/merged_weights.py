"""The base and the task vectors of a suite as flat, memory-mapped float32 files."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, final

import numpy as np
import torch
from torch import Tensor

from ...errors import IntegrityError, MissingDataError
from ..cache import read_json, write_whole
from ..checkpoints.checkpoint import Checkpoint
from ..checkpoints.tensors import read_flat, task_vector
from ..experts import ExpertPool
from ..layout import Layout

_BASE: Final = "base.npy"
_VECTORS: Final = "task_vectors.npy"


@final
@dataclass(frozen=True, kw_only=True)
class MergedWeights:
    """A folder with `base.npy` `(P,)`, `task_vectors.npy` `(T, P)` and `manifest.json`.

    One row a task of the suite, zero on a sparse file until it is filled; the manifest names the
    sha256 of the weights that base and rows were made from, each entry written after its row.
    """

    folder: Path
    tasks: tuple[str, ...]

    def base_sha256(self) -> str | None:
        """Of the base's weight files, or None before there is one."""
        found: str | None = self._manifest().get("base")
        return found

    def expert_sha256(self, task: str) -> str | None:
        """Of an expert's weight files, or None before its row is filled."""
        found: str | None = self._manifest().get("experts", {}).get(task)
        return found

    def write_base(self, base: Checkpoint, layout: Layout) -> None:
        """Write the base's row and reserve those of the experts."""
        self.folder.mkdir(parents=True, exist_ok=True)
        flat = np.lib.format.open_memmap(
            self.folder / _BASE, mode="w+", dtype=np.float32, shape=(layout.size,)
        )
        flat[:] = read_flat(base, layout).numpy()
        flat.flush()
        shape = (len(self.tasks), layout.size)
        np.lib.format.open_memmap(
            self.folder / _VECTORS, mode="w+", dtype=np.float32, shape=shape
        ).flush()
        self._write({"base": base.sha256, "experts": {}})

    def write_expert(self, task: str, base: Checkpoint, expert: Checkpoint, layout: Layout) -> None:
        """Fill the row of a task with expert minus base."""
        rows = np.lib.format.open_memmap(self.folder / _VECTORS, mode="r+")
        rows[self.tasks.index(task)] = task_vector(base, expert, layout).numpy()
        rows.flush()
        manifest = self._manifest()
        manifest["experts"][task] = expert.sha256
        self._write(manifest)

    def pool(self, tasks: Sequence[str], layout: Layout) -> ExpertPool:
        """The experts of these tasks, in memory only as far as they are looked at.

        Rows at equal distances, any two for instance, are a view of the file, others a copy.

        Raises:
            MissingDataError: If a row is not filled yet.
            IntegrityError: If the files are not of this layout.
        """
        missing = [task for task in tasks if self.expert_sha256(task) is None]
        if missing:
            raise MissingDataError(
                f"Experts of {', '.join(missing)} must be read before they are used. Found none in "
                f"`{self.folder}`. Call `prepare` on the problem first."
            )
        base = self._mapped(_BASE, (layout.size,))
        vectors = self._mapped(_VECTORS, (len(self.tasks), layout.size))
        index = [self.tasks.index(task) for task in tasks]
        return ExpertPool(
            pretrained=base, task_vectors=_rows(vectors, index), layout=layout, names=tuple(tasks)
        )

    def _mapped(self, name: str, shape: tuple[int, ...]) -> Tensor:
        path = self.folder / name
        try:
            array = np.lib.format.open_memmap(path, mode="c")
        except (OSError, ValueError) as error:
            raise self._damaged(name, f"{type(error).__name__}: {error}") from error
        if array.shape != shape or array.dtype != np.float32:
            raise self._damaged(name, f"{array.dtype} {array.shape}")
        return torch.from_numpy(array)

    def _damaged(self, name: str, found: str) -> IntegrityError:
        return IntegrityError(
            f"`{self.folder / name}` must be as it was written. Found {found}. Delete the folder "
            f"`{self.folder}` and prepare the problem again."
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
