"""Export of tables to CSV, Excel and JSON, and of anytime curves to IOHanalyzer."""

import json
from collections.abc import Callable, Iterable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from ...errors import MissingDataError, ParameterError, StoreError
from ...registry import unknown_name
from ..directory.compaction import COMPACTED
from ..escape import FORMULA_STARTS, for_spreadsheet
from ..files.parquet import staged, write_bytes
from ..files.schema import TABLES, from_frame
from ..results import Results, approximate
from .iohanalyzer import write_iohanalyzer

SHEET_ROWS: Final = 1_048_576
CELL_CHARACTERS: Final = 32_767
"""Limits of Excel, which all programs that read its files share."""
APPROXIMATE: Final = " (approximate)"
"""Ends the reference of a hypervolume that was approximated."""

Tables = dict[str, pa.Table]


def export(results: Results, output: Path, *, format: str, tables: Sequence[str] = ()) -> list[str]:
    """Write tables to a new file or folder, completely or not at all.

    Vectors become JSON text in CSV and Excel, and packed outcomes hexadecimal text in all formats.
    Texts that a spreadsheet would compute, such as `=1+1`, have an apostrophe before them there.
    The reference of an approximate hypervolume ends in `(approximate)`.

    Args:
        results: With scores, if the table of scores is exported.
        output: A folder, new or empty; for `xlsx` a new file.
        format: One of `FORMATS`: `csv` and `json` write a file per table, `xlsx` a sheet per table,
            and `iohanalyzer` the curves that `write_iohanalyzer` describes.
        tables: Names in `schema.TABLES`; by default all except `outcomes`.

    Returns:
        Messages that state which data was left out, and why.

    Raises:
        UnknownNameError: If a format or table is unknown.
        ParameterError: If a table does not fit on a sheet, or is selected for `iohanalyzer`.
        MissingDataError: If the package that writes Excel files is not installed.
        StoreError: If `output` exists already or cannot be written.
    """
    if format not in FORMATS:
        raise unknown_name("Format", format, list(FORMATS))
    for name in tables:
        if name not in TABLES:
            raise unknown_name("Table", name, list(TABLES))
    if format == "iohanalyzer":
        if tables:
            raise ParameterError(
                f"`iohanalyzer` must be exported without tables. Found {', '.join(tables)}. "
                "Leave out `--table`."
            )
        with staged(output) as folder:
            return write_iohanalyzer(results, folder)
    names = tables or COMPACTED
    frames = {name: _frame(results, name) for name in names}
    _WRITERS[format]({name: from_frame(frames[name], name) for name in names}, output)
    return []


def _frame(results: Results, name: str) -> pd.DataFrame:
    """Return the table as a frame, in which the references of approximate scores are marked."""
    frame: pd.DataFrame = getattr(results, name)
    if name != "scores":
        return frame
    marked = frame["reference"].where(
        ~approximate(results, frame), frame["reference"] + APPROXIMATE
    )
    return frame.assign(reference=marked)


def _write_csv(tables: Tables, output: Path) -> None:
    """Write UTF-8 with a header. Empty texts are quoted; missing values are not."""
    with staged(output) as folder:
        for name, table in tables.items():
            data = BytesIO()
            csv.write_csv(_without_formulas(_with_texts(table)), data)
            write_bytes(folder / f"{name}.csv", data.getvalue())


def _write_json(tables: Tables, output: Path) -> None:
    """Write lists of records, one per line; NaN and infinities, which JSON lacks, are null."""
    with staged(output) as folder:
        for name, table in tables.items():
            rows = (json.dumps(_plain(row), ensure_ascii=False) for row in table.to_pylist())
            text = "[\n" + ",\n".join(rows) + "\n]\n"
            write_bytes(folder / f"{name}.json", text.encode())


def _write_xlsx(tables: Tables, output: Path) -> None:
    """Write one sheet per table; texts stay texts even if they look like formulas."""
    try:
        from xlsxwriter import Workbook
    except ImportError as error:
        raise MissingDataError(
            "XlsxWriter must be installed to write Excel files. Found no installation. "
            "Install it: `pip install 'fusefront[xlsx]'`."
        ) from error
    if output.exists():
        kind = "folder" if output.is_dir() else "file"
        raise StoreError(
            f"`{output}` must be a new file, so that nothing is overwritten. Found a {kind}. "
            "Choose another name."
        )
    texts = {name: _without_formulas(_with_texts(table)) for name, table in tables.items()}
    for name, table in texts.items():
        _check_sheet(name, table)
    data = BytesIO()
    with Workbook(data, {"in_memory": True}) as book:
        for name, table in texts.items():
            sheet = book.add_worksheet(name)
            sheet.freeze_panes(1, 0)
            for place, (title, column) in enumerate(
                zip(table.column_names, table.columns, strict=True)
            ):
                sheet.write_string(0, place, title)
                text = pa.types.is_string(column.type)
                _fill(sheet.write_string if text else sheet.write_number, place, column.to_pylist())
    write_bytes(output, data.getvalue())


def _fill(write: Callable[[int, int, Any], object], place: int, cells: Iterable[Any]) -> None:
    """Write a column below its title; missing values, NaN and infinities are empty cells."""
    for row, cell in enumerate(cells, 1):
        if isinstance(cell, str) or (cell is not None and np.isfinite(cell)):
            write(row, place, cell)


def _check_sheet(name: str, table: pa.Table) -> None:
    if table.num_rows >= SHEET_ROWS:  # the titles take one more row
        raise ParameterError(
            f"A sheet must have at most {SHEET_ROWS:,} rows. Found {table.num_rows:,} and the "
            f"titles in `{name}`. Leave it out with `--table`, or use csv."
        )
    for title, column in zip(table.column_names, table.columns, strict=True):
        if pa.types.is_string(column.type):
            longest = pc.max(pc.utf8_length(column)).as_py() or 0
            if longest > CELL_CHARACTERS:
                raise ParameterError(
                    f"A cell must have at most {CELL_CHARACTERS:,} characters. Found {longest:,} "
                    f"in `{title}` of `{name}`. Leave the table out with `--table`, or use csv."
                )


_WRITERS: Final[dict[str, Callable[[Tables, Path], None]]] = {
    "csv": _write_csv,
    "xlsx": _write_xlsx,
    "json": _write_json,
}
FORMATS: Final = (*_WRITERS, "iohanalyzer")


def _with_texts(table: pa.Table) -> pa.Table:
    """Return the table with vectors and bytes as text."""
    for place, field in enumerate(table.schema):
        if pa.types.is_list(field.type) or pa.types.is_binary(field.type):
            cells = [_text(cell) for cell in table.column(place).to_pylist()]
            table = table.set_column(place, field.name, pa.array(cells, pa.string()))
    return table


def _without_formulas(table: pa.Table) -> pa.Table:
    """Return the table with an apostrophe before texts that a spreadsheet would compute."""
    for place, field in enumerate(table.schema):
        if pa.types.is_string(field.type):
            cells = table.column(place)
            formula = pc.is_in(pc.utf8_slice_codeunits(cells, 0, 1), pa.array(list(FORMULA_STARTS)))
            if pc.any(formula).as_py():
                safe = [cell and for_spreadsheet(cell) for cell in cells.to_pylist()]
                table = table.set_column(place, field, pa.array(safe, pa.string()))
    return table


def _text(cell: Any) -> str | None:
    plain = _plain(cell)
    return plain if isinstance(plain, str) or plain is None else json.dumps(plain)


def _plain(value: Any) -> Any:
    """Return the value with bytes as hexadecimal text, and NaN and infinities as None."""
    if isinstance(value, dict):
        return {key: _plain(inside) for key, inside in value.items()}
    if isinstance(value, list):
        return [_plain(inside) for inside in value]
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
