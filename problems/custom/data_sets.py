"""Data sets of the `datasets` library: saved to a folder, in the mirror, or on the hub."""

import importlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ...errors import MissingDataError, StudyError
from ...registry import unknown_name
from ..checkpoints.location import MIRROR
from .tables import Column, check_columns


class DataSet(NamedTuple):
    """Columns of a data set, and the class names that it declares for one of them, in order."""

    columns: dict[str, Column]
    names: tuple[str, ...]


def read_data_set(
    source: str,
    path: Path | None,
    *,
    inputs: Sequence[str],
    label: str,
    pictures: bool,
    revision: str | None,
    subset: str | None,
) -> DataSet:
    """Return columns of a data set with the types that it declares; images as Pillow opens them.

    Args:
        source: `reference` or `reference#split`.
        path: The folder that it was saved to; None if it is on the hub or in the mirror.
        inputs: Names of the columns of inputs.
        label: Name of the column of classes.
        pictures: Whether inputs are images.
        revision: Commit on the hub.
        subset: Configuration on the hub.

    Raises:
        MissingDataError: If the library or the data set is missing.
        StudyError: If it has no such split or column, or no row.
    """
    reference, _, split = source.partition("#")
    found = _saved(path) if path is not None else _fetched(reference, revision, subset)
    if not hasattr(found, "column_names") or isinstance(found.column_names, dict):
        if split not in found:
            raise StudyError(f"In `{source}`: {unknown_name('A split', split, list(found))}")
        found = found[split]
    check_columns(source, [*inputs, label], found.column_names)
    if not len(found):
        raise StudyError(f"`{source}` must have one row or more. Found none. Name another split.")
    # In Arrow's format, values keep their types, and missing ones stay missing.
    table = found.select_columns([*inputs, label]).with_format("arrow")[:]
    columns: dict[str, Column] = {name: table[name] for name in (*inputs, label)}
    if pictures:
        columns |= {name: found[name][:] for name in inputs}
    return DataSet(
        columns=columns, names=tuple(getattr(found.features[label], "names", None) or ())
    )


def _library() -> Any:
    try:
        return importlib.import_module("datasets")
    except ImportError as error:
        raise MissingDataError(
            "Saved data sets need the package `datasets`. It is not installed. "
            "Use `pip install 'fusefront[hub]'`, or save the data as Parquet."
        ) from error


def _saved(path: Path) -> Any:
    return _library().load_from_disk(str(path))


def _fetched(reference: str, revision: str | None, subset: str | None) -> Any:
    mirror = os.environ.get(MIRROR)
    if mirror and (mirrored := Path(mirror).expanduser() / "datasets" / reference).is_dir():
        return _saved(mirrored)
    try:
        return _library().load_dataset(reference, subset, revision=revision)
    except MissingDataError:
        raise
    except Exception as error:  # the library lets any error of its transport through
        first = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
        raise MissingDataError(
            f"Data set `{reference}` must be a local path, in `${MIRROR}/datasets`, or on the "
            f"hub. Found {type(error).__name__}: {first}. Go online, or save it as Parquet."
        ) from error
