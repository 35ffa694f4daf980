"""Sentences of film reviews, product reviews and tweets, with their mean rated valence."""

import io
import tarfile
import zipfile
from pathlib import Path
from typing import Final

from .corpus import Corpus, Source, damaged, first_file, texts_folder

_ARCHIVE: Final = "vaderSentiment-0.5.zip"
_INNER: Final = "vaderSentiment-0.5/additional_resources/hutto_ICWSM_2014.tar.gz"
_SENTENCES: Final = {"movieReviewSnippets": 10_605, "amazonReviewSnippets": 3_708, "tweets": 4_200}


def _fix() -> str:
    return (
        "Use `pip download --no-deps --no-binary :all: vaderSentiment==0.5 "
        f"--dest {texts_folder()}`."
    )


def _files() -> tuple[Path, ...]:
    return (first_file((texts_folder() / _ARCHIVE,), fix=_fix()),)


def _read(files: tuple[Path, ...]) -> Corpus:
    (path,) = files
    texts: list[str] = []
    valences: list[str] = []
    kinds: list[str] = []
    for kind, lines in _members(path).items():
        for number, line in enumerate(lines, start=1):
            text, valence = _sentence(path, kind, number, line)
            texts.append(text)
            valences.append("positive" if valence > 0 else "negative")
            kinds.append(kind)
    return Corpus(texts=texts, answers={"valence": valences, "kind": kinds})


def _members(path: Path) -> dict[str, list[str]]:
    """Read the lines of each file of sentences in memory; nothing is unpacked."""
    found: dict[str, list[str]] = {}
    try:
        with zipfile.ZipFile(path) as outer:
            inner = io.BytesIO(outer.read(_INNER))
        with tarfile.open(fileobj=inner) as archive:
            for kind in _SENTENCES:
                member = archive.extractfile(f"hutto_ICWSM_2014/{kind}_GroundTruth.txt")
                found[kind] = member.read().decode().splitlines() if member else []
    except (zipfile.BadZipFile, tarfile.TarError, KeyError, OSError, ValueError) as error:
        found_error = f"{type(error).__name__}: {error}"
        raise damaged(path, "the sdist of vaderSentiment 0.5", found_error, fix=_fix()) from error
    for kind, n in _SENTENCES.items():
        if len(found[kind]) != n:
            lines = f"{len(found[kind])} in `{kind}`"
            raise damaged(path, f"{n} sentences", lines, fix=_fix())
    return found


def _sentence(path: Path, kind: str, number: int, line: str) -> tuple[str, float]:
    try:
        _, valence, text = line.split("\t")
        return text, float(valence)
    except ValueError as error:
        found = f"`{line[:40]}` in line {number} of `{kind}`"
        raise damaged(path, "id, valence, text in every line", found, fix=_fix()) from error


REVIEWS: Final = Source(name="reviews", files=_files, read=_read)
"""18,513 sentences. Source: Hutto and Gilbert 2014, ICWSM (MIT licence)."""
