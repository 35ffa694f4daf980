"""Raw examples of a source: a table, an image folder, or a data set of the `datasets` library."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from ...errors import IntegrityError, MissingDataError
from ..checkpoints.location import file_sha256, is_hub_id
from .data_sets import DataSet, read_data_set
from .problem_file import CustomData
from .tables import Column, is_csv, read_table
from .values import Place, classes, numbers, texts

PICTURES: Final = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff")


class Origin(NamedTuple):
    """A source and its column of classes, which is empty if each class is a folder of images."""

    source: str
    column: str


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Rows:
    """Raw examples.

    Attributes:
        origin: Their source, as errors name it.
        inputs: One sequence per column. An input is a text, an array, or an image: a path, encoded
            bytes, or what Pillow opened.
        classes: The class of each example as a text: its name, or a whole number.
        names: Class names that the source declares, in the order of its numbers; empty if none.
        numbers: The row of each example in its source, from 0; empty if these are all its rows.
    """

    origin: Origin
    inputs: tuple[Sequence[Any] | NDArray[Any], ...]
    classes: Sequence[str]
    names: tuple[str, ...] = ()
    numbers: Sequence[int] = ()

    def __len__(self) -> int:
        return len(self.classes)

    def place(self, example: int) -> str:
        """Return the row of an example in its source, as errors name it."""
        row = self.numbers[example] if self.numbers else example
        return f"row {row + 1} of `{self.origin.source}`"


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


def read_rows(source: str, data: CustomData, folder: Path) -> Rows:
    """Return the examples of one source, after checking every value.

    Args:
        source: Path or hub id; a suffix `#split` names a split of a data set.
        data: Names of the columns.
        folder: The folder that paths are relative to.

    Raises:
        MissingDataError: If it does not exist, or a package that reads it is missing.
        StudyError: If it lacks a column.
        IntegrityError: If the file is damaged, a value is missing or of a wrong type, or an image
            is outside the folder of its table.
    """
    path = find_source(source, data, folder)
    if path is not None and path.is_dir() and not _is_data_set(path):
        pictures, names = _picture_folder(path)
        return Rows(origin=Origin(source, ""), inputs=(pictures,), classes=names)
    if path is None or path.is_dir():
        found = read_data_set(
            source,
            path,
            inputs=data.inputs,
            label=data.label,
            pictures=data.modality == "image",
            revision=data.revision,
            subset=data.subset,
        )
    else:
        found = DataSet(columns=read_table(path, (*data.inputs, data.label)), names=())
    return Rows(
        origin=Origin(source, data.label),
        inputs=tuple(
            _inputs(found.columns[name], Place(source, name), data, path) for name in data.inputs
        ),
        classes=classes(found.columns[data.label], Place(source, data.label)),
        names=found.names,
    )


def _inputs(
    column: Column, place: Place, data: CustomData, path: Path | None
) -> Sequence[Any] | NDArray[Any]:
    if data.modality == "text":
        return texts(column, place)
    if data.modality == "tensor":
        return numbers(column, place, as_json=path is not None and is_csv(path))
    values = column if isinstance(column, list) else column.to_pylist()
    return [_picture(value, row, place, path) for row, value in enumerate(values)]


def row_keys(rows: Rows) -> list[str]:
    """Return a digest of each example's inputs, which depends on their values only."""
    parts = [[_key(value) for value in column] for column in rows.inputs]
    return [
        hashlib.sha256(json.dumps(row).encode()).hexdigest() for row in zip(*parts, strict=True)
    ]


def _key(value: Any) -> str:
    if isinstance(value, Path):
        return file_sha256(value)
    if isinstance(value, str):
        return value
    content = value if isinstance(value, bytes) else _content(np.asarray(value))
    return hashlib.sha256(content).hexdigest()


def _content(array: np.ndarray) -> bytes:
    if array.dtype == object:
        # The bytes of an array of objects are addresses: other ones in every process.
        raise TypeError(f"An input must be a text, an image or numbers. Found {array!r:.60}.")
    return np.ascontiguousarray(array).tobytes()


def _is_data_set(path: Path) -> bool:
    return (path / "dataset_info.json").is_file() or (path / "dataset_dict.json").is_file()


def _picture_folder(path: Path) -> tuple[list[Path], list[str]]:
    """Return the images of a folder with one folder per class, sorted, and their classes."""
    found = [p for p in sorted(path.glob("*/*")) if p.suffix.lower() in PICTURES]
    if not found:
        raise MissingDataError(
            f"`{path}` must be a saved data set, or have one folder of images per class. "
            "Found no image in its folders. Correct the path."
        )
    return found, [picture.parent.name for picture in found]


def _picture(value: Any, row: int, place: Place, table: Path | None) -> Any:
    """Return bytes, an open image, or a path that must not leave the folder of its table."""
    if isinstance(value, dict):  # how `datasets` stores images in Parquet
        value = value.get("bytes") or value.get("path")
    if value is None or value == "":
        place.refuse(row, "images", None, "Leave the row out")
    if not isinstance(value, str):
        return value
    if table is None:
        place.refuse(row, "encoded or opened images", value, "Embed the images in the data set")
    folder = (table if table.is_dir() else table.parent).resolve()
    path = (folder / value).resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        raise IntegrityError(
            f"Column `{place.column}` of `{place.source}` must name images in the folder of the "
            f"table or below. Found `{value}` in row {row + 1}. Write paths relative to it."
        )
    return path
