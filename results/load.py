"""Load results from a run directory, an archive, or a folder of compacted tables."""

from functools import partial
from pathlib import Path
from typing import Final

import pyarrow as pa

from ..errors import StoreError
from .directory.parts import PARTS
from .directory.snapshot import Survey
from .files.parquet import DamagedFileError, TableFile
from .files.schema import TABLES
from .results import Results, Source

_OPTIONAL: Final = ("scores", "outcomes")
"""Tables that not every folder has."""


def read(directory: Path) -> Results:
    """The results of a run directory (its parts) or of a folder of tables.

    Scores are derived by a higher layer: they are empty unless the folder holds them.

    Raises:
        StoreError: If there are no results, or a file of them is not whole. Of a table that is
            read later, this may be when it is.
    """
    if (directory / PARTS).is_dir():
        return Survey(directory).results()
    if (directory / "runs.parquet").is_file():
        return Results({name: _source(directory, name) for name in TABLES})
    raise StoreError(
        f"`{directory}` must be a run directory (with `parts/`) or an archive (with "
        "`runs.parquet`). Found neither. Pass the directory given to `fusefront run -o`."
    )


def _source(directory: Path, name: str) -> Source:
    path = directory / f"{name}.parquet"
    if name in _OPTIONAL and not path.exists():
        return lambda: TABLES[name].empty_table()
    try:
        file = TableFile(path, name=name, schema=TABLES[name])
    except StoreError as error:
        raise _damaged(path, error) from error
    return partial(_rows, path, file)


def _rows(path: Path, file: TableFile) -> pa.Table:
    try:
        return file.read()
    except DamagedFileError as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: StoreError) -> StoreError:
    return StoreError(f"`{path}` must be a whole table `{path.stem}`. Found {error}.")
