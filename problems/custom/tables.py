"""Columns of Parquet, CSV, TSV and JSON lines, with the types that the file itself declares.

No type is ever inferred from values: a column would then be read differently when a value is added.
Parquet declares a type per column, JSON writes one per value, and every cell of a CSV is a text.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from ...errors import IntegrityError, StudyError
from ...registry import unknown_name
from .text_encoding import check_mark, check_utf8

Column: TypeAlias = pa.ChunkedArray | list[Any]
"""The values of one column: as Arrow, or as JSON decodes them."""


def read_table(path: Path, columns: Sequence[str]) -> dict[str, Column]:
    """Return columns of a table, with None where a value is missing.

    Raises:
        StudyError: If the file has an unknown ending, or lacks a column.
        IntegrityError: If the file is damaged, not UTF-8, or has no row.
    """
    if path.suffix not in _READERS:
        raise StudyError(
            f"`{path}` must be an image folder, a saved data set, or one of {', '.join(_READERS)}. "
            f"Found `{path.suffix}`."
        )
    wanted = list(dict.fromkeys(columns))
    quote = _QUOTES.get(path.suffix)  # None if the file is not a text
    try:
        if quote is not None:
            check_mark(path)
        found = _READERS[path.suffix](path, wanted)
    except (StudyError, IntegrityError):
        raise
    except (OSError, ValueError) as error:  # Arrow's errors are ValueErrors, too
        if quote is not None and not isinstance(error, OSError):
            check_utf8(path, quote=quote)  # which explains most errors of the readers
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise IntegrityError(
            f"`{path}` must be a valid {path.suffix} file. Found {first}. Save it again."
        ) from error
    if not len(found[wanted[0]]):
        raise IntegrityError(
            f"`{path}` must have one row or more. Found only the names of its columns. Add rows."
        )
    return found


def is_csv(path: Path) -> bool:
    """Return whether all cells of this file are texts."""
    return path.suffix in _DELIMITERS


_DELIMITERS: Final = {".csv": ",", ".tsv": "\t"}
_QUOTES: Final = {".csv": b'"', ".tsv": b'"', ".jsonl": b""}
"""The quote of each text format, inside of which a line break does not end the row."""


def _read_parquet(path: Path, columns: Sequence[str]) -> dict[str, Column]:
    with pyarrow.parquet.ParquetFile(path) as file:
        check_columns(str(path), columns, file.schema_arrow.names)
        table = file.read(columns=list(columns))
    return {name: table[name] for name in columns}


def _read_csv(path: Path, columns: Sequence[str]) -> dict[str, Column]:
    """Return texts; an empty cell is missing, and `""` in quotes is an empty text."""
    delimited = pyarrow.csv.ParseOptions(
        delimiter=_DELIMITERS[path.suffix], newlines_in_values=True
    )
    with pyarrow.csv.open_csv(path, parse_options=delimited) as opened:
        check_columns(str(path), columns, opened.schema.names)
    table = pyarrow.csv.read_csv(
        path,
        parse_options=delimited,
        convert_options=pyarrow.csv.ConvertOptions(
            include_columns=list(columns),
            column_types=dict.fromkeys(columns, pa.string()),
            null_values=[""],  # and not the default, which takes the word `NA` for a missing value
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    return {name: table[name] for name in columns}


def _read_json_lines(path: Path, columns: Sequence[str]) -> dict[str, Column]:
    rows: list[Mapping[str, Any]] = []
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                rows.append(_json_object(line, number))
    names = list(dict.fromkeys(name for row in rows for name in row)) if rows else list(columns)
    check_columns(str(path), columns, names)
    return {name: [row.get(name) for row in rows] for name in columns}


def _json_object(line: str, number: int) -> Mapping[str, Any]:
    try:
        found = json.loads(line)
    except ValueError as error:
        raise ValueError(f"in line {number}: {error}") from error
    if not isinstance(found, dict):
        raise ValueError(f"{type(found).__name__} instead of an object in line {number}")
    return found


def check_columns(source: str, columns: Sequence[str], known: Sequence[str]) -> None:
    """Check that a source has columns.

    Raises:
        StudyError: If it lacks one, or has two of the same name, since one would win silently.
    """
    for name in columns:
        if name not in known:
            raise StudyError(f"In `{source}`: {unknown_name('A column', name, list(known))}")
        if known.count(name) > 1:
            raise StudyError(
                f"`{source}` must have one column `{name}`. Found {known.count(name)}. "
                "Rename the others."
            )


_READERS: Final[Mapping[str, Callable[[Path, Sequence[str]], dict[str, Column]]]] = {
    ".parquet": _read_parquet,
    ".csv": _read_csv,
    ".tsv": _read_csv,
    ".jsonl": _read_json_lines,
}
