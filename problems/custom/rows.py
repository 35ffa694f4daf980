"""Raw examples: Parquet, CSV, JSON lines, image folders, data sets of the `datasets` library."""

import hashlib
import importlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, final

import numpy as np

from ...errors import IntegrityError, MissingDataError, StudyError
from ...registry import unknown_name
from ..checkpoints.location import MIRROR, file_sha256, is_hub_id
from .problem_file import CustomData


def read_dataset(
    source: str,
    path: Path | None,
    columns: Sequence[str],
    *,
    revision: str | None,
    subset: str | None,
) -> dict[str, list[Any]]:
    """Return columns of a data set: classes as numbers, images as Pillow opens them.

    Args:
        source: `reference` or `reference#split`.
        path: The folder that it was saved to; None if it is on the hub or in the mirror.
        columns: Names of columns.
        revision: Commit on the hub.
        subset: Configuration on the hub.

    Raises:
        MissingDataError: If the library or the data set is missing.
        StudyError: If it has no such split or column.
    """
    reference, _, split = source.partition("#")
    found = _saved(path) if path is not None else _fetched(reference, revision, subset)
    if not hasattr(found, "column_names") or isinstance(found.column_names, dict):
        if split not in found:
            raise StudyError(f"In `{source}`: {unknown_name('A split', split, list(found))}")
        found = found[split]
    for name in columns:
        if name not in found.column_names:
            raise StudyError(f"In `{source}`: {unknown_name('A column', name, found.column_names)}")
    return {name: found[name][:] for name in columns}


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
        raise MissingDataError(
            f"Data set `{reference}` must be a local path, in `${MIRROR}/datasets`, or on the "
            f"hub. Found {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
            ". Go online, or save it as Parquet."
        ) from error


PICTURES: Final = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff")


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Rows:
    """Raw examples.

    Attributes:
        inputs: One list per column. An input is a text, an array, or an image: a path, encoded
            bytes, or what Pillow opened.
        classes: The class of each example, by name or number.
    """

    inputs: tuple[Sequence[Any], ...]
    classes: Sequence[int | str]

    def __len__(self) -> int:
        return len(self.classes)


def find_source(source: str, data: CustomData, folder: Path) -> Path | None:
    """Return the file or folder of a source, or None if it can only be a data set on the hub.

    Raises:
        MissingDataError: If it is a path that does not exist.
    """
    path = folder / Path(source.partition("#")[0]).expanduser()
    if path.exists():
        return path
    if data.revision is not None and is_hub_id(source.partition("#")[0]):
        return None
    raise MissingDataError(
        f"`{source}` must be a file or folder, or a data set on the hub with its `revision`. "
        f"Found nothing at `{path}`. Correct the path."
    )


def source_digest(source: str, data: CustomData, folder: Path) -> str:
    """Return a digest of the files of a source, or the commit of a data set on the hub."""
    path = find_source(source, data, folder)
    if path is None:
        return f"{source} {data.subset} {data.revision}"
    if path.is_file():
        return file_sha256(path) + _pictures_digest(source, data, folder)
    files = sorted(p for p in path.rglob("*") if p.is_file())
    facts = [[p.relative_to(path).as_posix(), file_sha256(p)] for p in files]
    return hashlib.sha256(json.dumps([facts, source.partition("#")[2]]).encode()).hexdigest()


def read_rows(source: str, data: CustomData, folder: Path) -> Rows:
    """Return the examples of one source.

    Args:
        source: Path or hub id; a suffix `#split` names a split of a data set.
        data: Names of the columns.
        folder: The folder that paths are relative to.

    Raises:
        MissingDataError: If it does not exist, or a package that reads it is missing.
        StudyError: If it lacks a column.
        IntegrityError: If the file is damaged, or names images outside its folder.
    """
    path = find_source(source, data, folder)
    columns = (*data.inputs, data.label)
    if path is not None and path.is_dir() and not _is_dataset(path):
        pictures, classes = _picture_folder(path)
        return Rows(inputs=(pictures,), classes=classes)
    if path is None or path.is_dir():
        table = read_dataset(source, path, columns, revision=data.revision, subset=data.subset)
    else:
        table = _read_table(path, columns)
    inputs = tuple(table[name] for name in columns[:-1])
    if data.modality == "image" and path is not None:
        inputs = tuple([_picture(value, path) for value in column] for column in inputs)
    return Rows(inputs=inputs, classes=[_class(value, source, data) for value in table[data.label]])


def row_keys(rows: Rows) -> list[str]:
    """Return a digest of each example's inputs."""
    parts = [[_key(value) for value in column] for column in rows.inputs]
    return [
        hashlib.sha256(json.dumps(row).encode()).hexdigest() for row in zip(*parts, strict=True)
    ]


def _key(value: Any) -> str:
    if isinstance(value, Path):
        return file_sha256(value)
    if isinstance(value, str):
        return value
    content = value if isinstance(value, bytes) else np.ascontiguousarray(value).tobytes()
    return hashlib.sha256(content).hexdigest()


def _read_table(path: Path, columns: Sequence[str]) -> dict[str, list[Any]]:
    import pandas as pd

    readers: dict[str, Callable[[Path], Any]] = {
        ".parquet": pd.read_parquet,
        ".csv": lambda p: pd.read_csv(p, keep_default_na=False),
        ".tsv": lambda p: pd.read_csv(p, sep="\t", keep_default_na=False),
        ".jsonl": lambda p: pd.read_json(p, lines=True),
    }
    if path.suffix not in readers:
        raise StudyError(
            f"`{path}` must be an image folder, a saved data set, or one of {', '.join(readers)}. "
            f"Found `{path.suffix}`."
        )
    try:
        frame = readers[path.suffix](path)
    except (OSError, ValueError) as error:
        raise IntegrityError(
            f"`{path}` must be a valid {path.suffix} file. Found {error}. Save it again."
        ) from error
    for name in columns:
        if name not in frame:
            known = [str(column) for column in frame.columns]
            raise StudyError(f"In `{path}`: {unknown_name('A column', name, known)}")
    return {name: frame[name].tolist() for name in columns}


def _is_dataset(path: Path) -> bool:
    return (path / "dataset_info.json").is_file() or (path / "dataset_dict.json").is_file()


def _picture_folder(path: Path) -> tuple[list[Path], list[int | str]]:
    """Return the images of a folder with one folder per class, sorted, and their classes."""
    found = [p for p in sorted(path.glob("*/*")) if p.suffix.lower() in PICTURES]
    if not found:
        raise MissingDataError(
            f"`{path}` must be a saved data set, or have one folder of images per class. "
            "Found no image in its folders."
        )
    return found, [picture.parent.name for picture in found]


def _picture(value: Any, file: Path) -> Any:
    """Return bytes, an open image, or a path that must not leave the folder of its table."""
    if isinstance(value, dict):
        value = value.get("bytes") or value.get("path")
    if not isinstance(value, str):
        return value
    folder = file.parent.resolve()
    path = (folder / value).resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        raise IntegrityError(
            f"`{file}` must name images in its own folder or below. Found `{value}`. "
            "Write paths relative to that file's folder."
        )
    return path


def _pictures_digest(source: str, data: CustomData, folder: Path) -> str:
    """Return a digest of the images that a table names; empty if it holds the inputs itself."""
    if data.modality != "image":
        return ""
    found = read_rows(source, data, folder).inputs[0]
    return hashlib.sha256(
        "".join(file_sha256(value) for value in found if isinstance(value, Path)).encode()
    ).hexdigest()


def _class(value: Any, source: str, data: CustomData) -> int | str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or value != value or int(value) != value:
        raise StudyError(
            f"Column `{data.label}` of `{source}` must hold class names or numbers from 0. "
            f"Found {value!r}."
        )
    return int(value)
