"""Pieces that several generated pages share."""

import re
from typing import Any

import pandas as pd

from fusefront.entry import Entry

from .archives import Scores
from .docstrings import as_markdown
from .tables import markdown_table

_ADDRESS = re.compile(r"(?<![<(])(https?://[^\s,;)]*[^\s,;).'])")


def inline(text: str) -> str:
    """Return one line of text with its addresses as links."""
    return _ADDRESS.sub(r"<\1>", as_markdown(" ".join(text.split())))


def opening(kind: str, entry: Entry[Any]) -> list[str]:
    """Return the title, the summary, the labels and the source."""
    rows = [[key, value] for key, value in entry.labels.items()]
    labels = ["", "## Labels", "", markdown_table(["label", "value"], rows)] if rows else []
    title = f"# `{entry.name}`"
    lines = [title, "", f"{kind}: {inline(entry.summary)}", *labels]
    source = inline(entry.source) if entry.source not in ("", "-") else "No publication."
    return [*lines, "", "## Source", "", source, ""]


def archive_section(archive: str, scores: Scores, frame: pd.DataFrame) -> list[str]:
    """Return a heading, the conditions of the scores, and a table of the frame with its index."""
    rows = [[index, *row] for index, row in zip(frame.index, frame.to_numpy(), strict=True)]
    header = [str(frame.index.name or ""), *map(str, frame.columns)]
    return [
        f"### Archive `{archive}`",
        "",
        inline(scores.caption),
        "",
        markdown_table(header, rows),
        "",
    ]
