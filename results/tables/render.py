"""Rendering of a frame of texts: for the terminal, or as Markdown, LaTeX, CSV or JSON."""

import csv
import io
import json
import textwrap
from collections.abc import Callable
from typing import TypeVar

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ...errors import ParameterError
from ..escape import for_latex, for_markdown, for_spreadsheet, printable
from .notes import WORSE

Cell = TypeVar("Cell")
Column = list[Text]

_GAP = 2
"""Spaces between the columns of a text table."""


def render(frame: pd.DataFrame, format: str = "text", width: int | None = None) -> str:
    """Return the table as text that ends in a line break.

    Args:
        frame: A table of `table` or `summary`, or any frame of texts. The best and the worse cells,
            the caption, the number of rows in its footer and columns for programs are taken from
            its `attrs`, if it has them.
        format: `text` marks the best with `*`, and sets it in bold if the output is a terminal;
            `markdown` and `latex` (with booktabs) set it in bold. All three mark what is worse than
            the pretrained model with `†`. `csv` has the bare texts and the columns for programs
            without a caption; `json` has all of this. Names are literal in each: see `escape`.
        width: Characters per line of `text`. Columns that do not fit continue in a block below,
            which repeats the index. By default everything is on one line.
    """
    if format not in FORMATS:
        raise ParameterError(f"`format` must be one of {', '.join(FORMATS)}. Found `{format}`.")
    return _text(frame, width) if format == "text" else FORMATS[format](frame)


def _rows(frame: pd.DataFrame, cell: Callable[[str, bool, bool], Cell]) -> list[list[Cell]]:
    """Return header and rows, index first.

    `cell` gets a text, whether it is among the best, and whether it is worse than the pretrained
    model. A row is worse as a whole if its place is in the index.
    """
    best, worse = (
        {tuple(place) for place in frame.attrs.get(key, [])} for key in ("best", "worse")
    )
    name = str(frame.index.name or "")
    header = [cell(name, False, False), *(cell(str(c), False, False) for c in frame)]
    body = [
        [cell(str(row), False, (row, name) in worse)]
        + [
            cell(str(text), (row, column) in best, (row, column) in worse)
            for column, text in zip(frame, texts, strict=True)
        ]
        for row, texts in zip(frame.index, frame.itertuples(index=False), strict=True)
    ]
    return [header, *body]


def _text(frame: pd.DataFrame, width: int | None = None) -> str:
    has_best, has_worse = "best" in frame.attrs, bool(frame.attrs.get("worse"))

    def cell(text: str, is_best: bool, is_worse: bool) -> Text:
        # The marks are characters, not only styles, so that they survive pipes and files.
        mark = (WORSE if is_worse else " ") if has_worse else ""
        mark += (" *" if is_best else "  ") if has_best else ""
        return Text(printable(text) + mark, style="bold" if is_best else "")

    index, *columns = [list(column) for column in zip(*_rows(frame, cell), strict=True)]
    for text in index:
        text.rstrip()
    for column in columns:
        # Not by Rich, which strips the spaces that stand for a missing mark, so that numbers with
        # and without a mark would not be aligned.
        width_of_column = _width(column)
        for text in column:
            text.pad_left(width_of_column - text.cell_len)
    parts = [_drawn(block) for block in _blocks(index, columns, width)]
    caption = frame.attrs.get("caption")
    if caption:
        parts[-1] += "\n" + _wrapped(printable(caption) + ("; * best" if has_best else ""), width)
    return "\n\n".join(parts) + "\n"


def _blocks(index: Column, columns: list[Column], width: int | None) -> list[list[Column]]:
    """Divide the columns into blocks that fit the width, each with the index as its first column.

    Rich would shrink or wrap the cells of a wide table instead, and numbers would be cut.
    """
    blocks = [[index]]
    for column in columns:
        used = sum(_width(other) + _GAP for other in blocks[-1])
        if width is not None and len(blocks[-1]) > 1 and used + _width(column) > width:
            blocks.append([index])
        blocks[-1].append(column)
    return blocks


def _width(column: Column) -> int:
    return max(text.cell_len for text in column)


def _drawn(block: list[Column]) -> str:
    """Draw the columns, with escape codes only if standard output is a terminal."""
    # The divider of this box is one space, the other ones are padding.
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, _GAP - 1, 0, 0))
    for header, *_ in block:
        table.add_column(header, no_wrap=True)
    for row in zip(*(cells for _, *cells in block), strict=True):
        table.add_row(*row)
    # Wide enough for the whole block, since Rich crops what exceeds the width of the console.
    console = Console(width=sum(_width(column) + _GAP for column in block), force_jupyter=False)
    with console.capture() as capture:
        console.print(table)
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


def _wrapped(caption: str, width: int | None) -> str:
    if width is None:
        return caption
    # Names such as `digits-left-right:v1@1f2e3d4c` stay whole, so that they can be copied.
    return textwrap.fill(caption, width, break_long_words=False, break_on_hyphens=False)


def _markdown(frame: pd.DataFrame) -> str:
    def cell(text: str, is_best: bool, is_worse: bool) -> str:
        text = for_markdown(text)
        return (f"**{text}**" if is_best else text) + WORSE * is_worse

    header, *body = ["| " + " | ".join(row) + " |" for row in _rows(frame, cell)]
    rule = "|---|" + "---:|" * len(frame.columns)
    caption = frame.attrs.get("caption")
    return (
        "\n".join([header, rule, *body, *(["", for_markdown(caption)] if caption else [])]) + "\n"
    )


def _latex(frame: pd.DataFrame) -> str:
    def cell(text: str, is_best: bool, is_worse: bool) -> str:
        text = for_latex(text)
        return (rf"\textbf{{{text}}}" if is_best else text) + for_latex(WORSE * is_worse)

    header, *body = [" & ".join(row) + r" \\" for row in _rows(frame, cell)]
    if footer := frame.attrs.get("footer", 0):
        body.insert(-footer, r"\midrule")
    caption = frame.attrs.get("caption")
    lines = [
        r"% needs \usepackage{booktabs}",
        r"\begin{table}",
        r"\centering",
        *([rf"\caption{{{for_latex(caption)}}}"] if caption else []),
        rf"\begin{{tabular}}{{l{'r' * len(frame.columns)}}}",
        r"\toprule",
        header,
        r"\midrule",
        *body,
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _csv(frame: pd.DataFrame) -> str:
    more = frame.attrs.get("more", {})
    columns = zip(*more.values(), strict=True) if more else ((),) * len(frame)
    sink = io.StringIO()
    rows = _rows(frame, lambda text, *_: for_spreadsheet(printable(text)))
    added = [[for_spreadsheet(printable(text)) for text in row] for row in [[*more], *columns]]
    csv.writer(sink, lineterminator="\n").writerows(
        [*row, *end] for row, end in zip(rows, added, strict=True)
    )
    return sink.getvalue()


def _json(frame: pd.DataFrame) -> str:
    header, *rows = _rows(frame, lambda text, *_: text)
    more = frame.attrs.get("more", {})
    facts = {
        "caption": frame.attrs.get("caption", ""),
        "rows": [
            dict(zip(header, row, strict=True)) | {name: more[name][k] for name in more}
            for k, row in enumerate(rows)
        ],
        "best": frame.attrs.get("best", []),
    }
    return json.dumps(facts, indent=1) + "\n"


FORMATS: dict[str, Callable[[pd.DataFrame], str]] = {
    "text": _text,
    "markdown": _markdown,
    "latex": _latex,
    "csv": _csv,
    "json": _json,
}
