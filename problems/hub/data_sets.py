"""Data sets of the hub, opened from a mirror or the hub, and their splits."""

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, NamedTuple, final

import numpy as np
import torch
from numpy.typing import NDArray

from ...errors import IntegrityError, MissingDataError
from ..base import Split
from ..cache import digest
from . import repositories
from .suites import HubTask

INSTALL: Final = (
    "`datasets` must be installed: it reads the data of this problem. It is not installed."
    "Use `pip install 'fusefront[hub]'`."
)
_DATA_FILES: Final = (".arrow", ".parquet", ".json")


@final
class Opened(NamedTuple):
    """A split as the `datasets` library returns it, and the mirror or revision it is from."""

    rows: Any
    source: Mapping[str, str]


def is_installed() -> bool:
    """Return whether the `datasets` library is installed; it is not imported."""
    return find_spec("datasets") is not None


def repository(task: HubTask) -> str:
    """Return the name of the data set among repositories."""
    return f"datasets/{task.dataset}"


def shown(task: HubTask) -> str:
    """Return the name of the data set with its configuration."""
    return f"{repository(task)} {task.config}".strip()


def source_here(task: HubTask) -> dict[str, str] | None:
    """Return the source that `open_split` has on this machine, or None if it needs the network."""
    folder = _mirrored(task)
    if folder is not None:
        return {"mirror": _stamp(folder)}
    place = repositories.find_cached(repository(task))
    return None if place is None else {"revision": str(place.revision)}


def is_mirrored(task: HubTask) -> bool:
    """Return whether the mirror has the data set of a task."""
    return _mirrored(task) is not None


def open_split(task: HubTask, split: str) -> Opened:
    """Open a split of a task's data set.

    Raises:
        MissingDataError: If the library or the data set is missing.
        IntegrityError: If it has no such split.
    """
    if not is_installed():
        raise MissingDataError(INSTALL)
    datasets = import_module("datasets")

    folder = _mirrored(task)
    if folder is not None and (folder / "dataset_dict.json").is_file():
        splits = datasets.load_from_disk(str(folder))
        if split not in splits:
            raise IntegrityError(
                f"`{folder}` must have a split `{split}`. Found {', '.join(splits)}. Copy it again."
            )
        return Opened(splits[split], {"mirror": _stamp(folder)})
    if folder is not None:
        rows = _load(str(folder), task, split, None)
        return Opened(rows, {"mirror": _stamp(folder)})
    place = repositories.find_cached(repository(task))
    reason = repositories.unreachable()
    if place is None and reason is not None:
        raise MissingDataError(repositories.needs_hub([repository(task)], reason))
    commit = repositories.resolve_data(task.dataset) or (place.revision if place else None)
    rows = _load(task.dataset, task, split, commit)
    if reason is not None:
        _check_revision(task, rows, str(commit))
    return Opened(rows, {"revision": str(commit)})


def labels_of(task: HubTask, rows: Any) -> NDArray[np.int64]:
    """Return the class indices `(n,)` of a split.

    Raises:
        IntegrityError: If columns are missing, or classes are not those of the task.
    """
    if "label" not in rows.column_names or set(task.inputs) - set(rows.column_names):
        raise IntegrityError(
            f"`{task.dataset}` must have columns {', '.join((*task.inputs, 'label'))}. "
            f"Found {', '.join(rows.column_names)}."
        )
    labels: NDArray[np.int64] = np.asarray(rows["label"][:], dtype=np.int64)
    named = getattr(rows.features["label"], "num_classes", task.n_classes)
    if named != task.n_classes or labels.min() < 0 or labels.max() >= task.n_classes:
        raise IntegrityError(
            f"`{task.dataset}` must have labels of {task.n_classes} classes from 0. Found "
            f"{named} classes, labels from {labels.min()} to {labels.max()}. Use the data set of "
            "the literature."
        )
    return labels


def _load(path: str, task: HubTask, split: str, commit: str | None) -> Any:
    """Return a split from the files of a repository, in the mirror or on the hub."""
    datasets = import_module("datasets")

    try:
        return datasets.load_dataset(path, task.config or None, split=split, revision=commit)
    except (OSError, ValueError, datasets.exceptions.DatasetsError) as error:
        line = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise MissingDataError(
            f"`{path}` must be a data set with a split `{split}`. Found {line.rstrip('.')}."
        ) from error


def _check_revision(task: HubTask, rows: Any, commit: str) -> None:
    """Refuse another revision, which `datasets` falls back to when it is offline."""
    files = [str(file["filename"]) for file in rows.cache_files]
    if not all(commit in Path(file).parts for file in files):
        raise MissingDataError(
            f"`{task.dataset}` must have revision {commit[:12]}. Found another one in "
            f"`{files[0]}`, and the hub cannot be reached. Go online once."
        )


def _mirrored(task: HubTask) -> Path | None:
    """Return `datasets/owner/name`, or the folder in it if configurations are saved one by one."""
    names = [repository(task)]
    names += [former for new, former in repositories.FORMER_NAMES.items() if new == names[0]]
    for name in names:
        folder = repositories.find_mirrored(name)
        if folder is None:
            continue
        own = folder / task.config
        if (own / "dataset_dict.json").is_file():
            return own
        if not any(folder.glob("*/dataset_dict.json")):  # else others were saved, but not this one
            return folder
    return None


def _stamp(folder: Path) -> str:
    """Return a digest of the names and sizes of data files and of the JSON files beside them.

    The latter include a fingerprint of the data by `save_to_disk`. Hashing the data itself would
    take minutes, and times of modification would differ between copies.
    """
    files = sorted(path for path in folder.rglob("*") if path.suffix in _DATA_FILES)
    return digest([[p.relative_to(folder).as_posix(), *_facts(p)] for p in files])


def _facts(path: Path) -> tuple[int, str]:
    return path.stat().st_size, path.read_text("utf-8") if path.suffix == ".json" else ""


FRACTION: Final = 0.1
"""Share of the training split that is used for validation."""
SEED: Final = 0


def rows(split: Split, n: int) -> list[int]:
    """Return the sorted rows of a split, among n examples of the training or test data.

    A tenth of the training data, drawn with seed 0, is for validation, the rest for calibration.
    Source: the validation sets of FusionBench, `random_split` with 1 - 1/10 and 1/10.

    Raises:
        IntegrityError: If n is too small for both.
    """
    if split == "test":
        return list(range(n))
    validation = int(n * FRACTION)
    if validation == 0:
        raise IntegrityError(
            f"A training split must have 10 examples or more. Found {n}. Download it again."
        )
    order = torch.randperm(n, generator=torch.Generator().manual_seed(SEED)).tolist()
    cut = n - validation
    return sorted(order[:cut] if split == "calibration" else order[cut:])
