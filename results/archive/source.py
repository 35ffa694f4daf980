"""Where results are read from: a run directory, an archive, `NAME!`, or a single file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .archive import prerun_path, verify
from .zip_file import extracted


@contextmanager
def open_results(source: str | Path) -> Iterator[Path]:
    """The folder to read for a source; that of a single file is temporary.

    Files of pre-run archives (`NAME!`) and of single files are compared with their hashes first.

    Raises:
        UnknownNameError: If no pre-run archive has this name.
        IntegrityError: If a file is not the one its manifest names.
    """
    text = str(source)
    if text.endswith("!"):
        path = prerun_path(text[:-1])
        verify(path)
        yield path
    elif Path(source).is_file():
        with extracted(Path(source)) as folder:
            yield folder
    else:
        yield Path(source)
