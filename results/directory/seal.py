"""Seals: a checksum in the study file of a run directory, which distinguishes damage from an edit.

A flipped bit in `seeds = 3` leaves a valid study, with other runs. Only files that fusefront wrote
have a seal. It covers all lines below it; delete it when you edit them.
"""

import hashlib
from pathlib import Path
from typing import Final

from ...errors import StoreError, StudyError
from .parts import set_aside

_MARK: Final = "sha256 of the lines below"
_LINE: Final = f"# {_MARK}, to be deleted when they are edited: "


def sealed(text: str) -> str:
    """Return the text of a study file with its seal in the first line."""
    return f"{_LINE}{hashlib.sha256(text.encode()).hexdigest()}\n{text}"


def check_seal(path: Path) -> None:
    """Check that a file has no seal, or the lines that were sealed.

    Raises:
        StudyError: If its lines changed.
    """
    if is_damaged(path):
        raise StudyError(
            f"`{path}` must have the lines that fusefront wrote, while its first line is their "
            "checksum. Found other lines. Delete the first line if you edited the file. If it is "
            "damaged, `fusefront verify --repair` and `fusefront run` rename it.",
            file=path,
        )


def set_aside_if_damaged(path: Path) -> Path | None:
    """Rename a study file that does not match its seal to `*.damaged`, and return the new path.

    Raises:
        StoreError: If the file cannot be renamed.
    """
    return set_aside(path) if is_damaged(path) else None


def is_damaged(path: Path) -> bool:
    """Return whether a file has a seal that does not match its lines.

    Raises:
        StoreError: If the file cannot be read.
    """
    try:
        text = path.read_bytes().decode(errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise StoreError(f"`{path}` must be readable. Found: {error.strerror}.") from error
    return _MARK in text and text != sealed(text.partition("\n")[2])
