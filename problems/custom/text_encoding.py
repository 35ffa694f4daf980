"""The encoding of text files: it must be UTF-8, and an error names what was found and where."""

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ...errors import IntegrityError

_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "UTF-32"),  # before UTF-16, whose mark is the start of this one
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


def check_mark(path: Path) -> None:
    """Check that the first bytes of a file are not those of UTF-16 or UTF-32.

    Raises:
        IntegrityError: If they are.
    """
    with path.open("rb") as file:
        start = file.read(4)
    for mark, name in _MARKS:
        if start.startswith(mark):
            raise _wrong(path, f"a byte order mark of {name}")
    if b"\0" in start:
        raise _wrong(path, "zero bytes, as in UTF-16 without a byte order mark")


def check_utf8(path: Path, *, quote: bytes) -> None:
    """Check that all bytes of a file are UTF-8.

    Args:
        path: A text file with one row per line.
        quote: The byte between a pair of which a line break does not end a row; empty if none.

    Raises:
        IntegrityError: If a byte is not; it is named with its row, or as part of the header.
    """
    for row, line in _rows(path, quote):
        try:
            line.decode()
        except UnicodeDecodeError as error:
            place = f"row {row}" if row else "the names of the columns"
            raise _wrong(path, f"the byte {line[error.start]:#04x} in {place}") from error


def _rows(path: Path, quote: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield each line with its row: the header of files with quotes is row 0; others have none."""
    row, inside = 0 if quote else 1, False
    with path.open("rb") as file:
        for line in file:
            yield row, line
            inside ^= bool(quote) and line.count(quote) % 2 == 1
            row += bool(line.strip()) and not inside


def _wrong(path: Path, found: str) -> IntegrityError:
    return IntegrityError(
        f"`{path}` must be encoded as UTF-8. Found {found}. Save it again as UTF-8."
    )
