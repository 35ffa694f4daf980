"""Reading results from a run directory, an archive, a single file or a folder of tables."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import pyarrow as pa

from ..errors import StoreError
from .archive.archive import prerun_path, verify
from .directory.parts import PARTS
from .directory.snapshot import Snapshot
from .files.parquet import DamagedFileError, TableFile
from .files.schema import TABLES
from .results import Results, Source

_OPTIONAL: Final = ("scores", "outcomes", "milestones")
"""Tables that archives may leave out."""


@contextmanager
def open_results(source: str | Path) -> Iterator[Path]:
    """Yield the folder to read for a source; that of a single file is temporary.

    The files of pre-run archives (`NAME!`) and of single files are compared with their hashes
    first. Other folders are the user's own, and reading them checks every page anyway.

    Raises:
        UnknownNameError: If no pre-run archive has this name.
        IntegrityError: If a file does not have the hash in its manifest.
    """
    text = str(source)
    if text.endswith("!"):
        path = prerun_path(text[:-1])
        verify(path)
        yield path
    elif Path(source).is_file():
        from .archive.zip_file import extracted

        with extracted(Path(source)) as folder:
            yield folder
    else:
        yield Path(source)


def read(directory: Path) -> Results:
    """Return the results of a run directory (from its parts) or of a folder of tables.

    Scores are derived in a higher layer, so they are empty here unless the folder has them.

    Raises:
        StoreError: If there are no results, or one of their files is damaged. Tables are read
            when they are first used, and the error for their rows is raised then.
    """
    if (directory / PARTS).is_dir():
        return Snapshot(directory).results()
    if (directory / "runs.parquet").is_file():
        return Results({name: _source(directory, name) for name in TABLES})
    raise StoreError(
        f"`{directory}` must be a run directory (with `parts/`) or an archive (with "
        "`runs.parquet`). Found neither. Pass the directory given to `fusefront run -o`."
    )


def read_archive(directory: Path) -> Results:
    """Compare the files of an archive with its manifest, and return its results."""
    verify(directory)
    return read(directory)


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
    return StoreError(f"`{path}` must be an intact table `{path.stem}`. Found {error}.")
