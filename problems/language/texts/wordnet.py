"""WordNet 3.0: glosses of nouns, and the kind of each noun, one of 26."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from .corpus import Corpus, Source, damaged, first_file, texts_folder

_SYSTEM: Final = Path("/usr/share/wordnet")
_LINE: Final = re.compile(r"\d{8} (\d\d) [nvasr] [^|]*\| (.+?)\s*")
_EXAMPLE: Final = re.compile(r';\s*".*$')
_NOUNS: Final = 82_115
_KINDS: Final = range(3, 29)  # lexicographer files that hold nouns
_FIX: Final = (
    "Use `apt-get install wordnet-base`, or put the file there from WordNet 3.0's `dict` folder."
)


def wordnet_file(name: str) -> Path:
    """Return the path of a database file: in the texts folder, or where Debian installs it."""
    return first_file((texts_folder() / name, _SYSTEM / name), fix=_FIX)


def glosses(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lexicographer file number and definition, without examples, of every synset.

    Raises:
        IntegrityError: If a line is neither part of the licence nor a synset.
    """
    for number, line in enumerate(path.read_text(encoding="latin-1").splitlines(), start=1):
        if line.startswith("  "):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            found = f"`{line[:40]}` in line {number}"
            raise damaged(path, "one synset with its gloss per line", found, fix=_FIX)
        yield int(match[1]), _EXAMPLE.sub("", match[2])


def _files() -> tuple[Path, ...]:
    return (wordnet_file("data.noun"),)


def _read(files: tuple[Path, ...]) -> Corpus:
    rows = list(glosses(files[0]))
    kinds = {kind for kind, _ in rows}
    if len(rows) != _NOUNS or kinds != set(_KINDS):
        found = f"{len(rows)} in {len(kinds)} kinds"
        raise damaged(files[0], f"{_NOUNS} nouns of 26 kinds", found, fix=_FIX)
    return Corpus(
        texts=[gloss for _, gloss in rows], answers={"kind": [f"{kind:02}" for kind, _ in rows]}
    )


GLOSSES: Final = Source(name="glosses", files=_files, read=_read)
"""82,115 glosses. Source: WordNet 3.0, copyright 2006 by Princeton University."""
