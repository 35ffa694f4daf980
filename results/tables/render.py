"""A table of texts as aligned columns, Markdown, LaTeX or CSV."""

import csv
import io
from collections.abc import Callable, Sequence

import pandas as pd

from ...errors import ParameterError

_LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "\N{EN DASH}": "--",
    "…": r"\dots{}",
    "±": r"$\pm$",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
}


def render(frame: pd.DataFrame, format: str = "text", width: int | None = None) -> str:
    """The table that `tables.table` made, or any frame of texts, ending in a line break.

    Args:
        frame: The best of each row and the caption are taken from its `attrs`, if there.
        format: `text` marks the best with `*`, `markdown` and `latex` (booktabs) set it in bold;
            `csv` has the bare texts and no caption, for programs.
        width: Of text: columns that do not fit go into blocks below, each with the index again.
    """
    if format not in FORMATS:
        raise ParameterError(f"`format` must be one of {', '.join(FORMATS)}. Found `{format}`.")
    return _text(frame, width) if format == "text" else FORMATS[format](frame)


def escape_latex(text: str) -> str:
    """The text with every character that LaTeX would take as its own made literal."""
    return "".join(_LATEX.get(character, character) for character in text)


def _rows(frame: pd.DataFrame, mark: Callable[[str, bool], str]) -> list[list[str]]:
    """Header and rows, the index first; `mark` makes a cell of its text and whether it is best."""
    best = {tuple(place) for place in frame.attrs.get("best", [])}
    header = [mark(str(frame.index.name or ""), False), *(mark(str(c), False) for c in frame)]
    body = [
        [mark(str(row), False)]
        + [
            mark(str(text), (row, column) in best)
            for column, text in zip(frame, texts, strict=True)
        ]
        for row, texts in zip(frame.index, frame.itertuples(index=False), strict=True)
    ]
    return [header, *body]


def _text(frame: pd.DataFrame, width: int | None = None) -> str:
    best = "best" in frame.attrs
    rows = _rows(frame, lambda text, marked: text + (" *" if marked else "  " if best else ""))
    index, *columns = [_aligned(column) for column in zip(*rows, strict=True)]
    index = [text.lstrip().ljust(len(text)) for text in index]
    blocks: list[list[list[str]]] = [[index]]
    for column in columns:
        used = sum(2 + len(part[0]) for part in blocks[-1])
        if width is not None and len(blocks[-1]) > 1 and used + len(column[0]) > width:
            blocks.append([index])
        blocks[-1].append(column)
    texts = ["\n".join(_ruled(block)) for block in blocks]
    caption = frame.attrs.get("caption")
    if caption:
        texts[-1] += "\n" + caption + ("; * best" if best else "")
    return "\n\n".join(texts) + "\n"


def _aligned(column: Sequence[str]) -> list[str]:
    width = max(map(len, column))
    return [text.rjust(width) for text in column]


def _ruled(block: list[list[str]]) -> list[str]:
    """The lines of some columns, with a rule under the header."""
    lines = ["  ".join(row).rstrip() for row in zip(*block, strict=True)]
    return [lines[0], "-" * max(map(len, lines)), *lines[1:]]


def _markdown(frame: pd.DataFrame) -> str:
    def mark(text: str, marked: bool) -> str:
        text = text.replace("|", r"\|").replace("*", r"\*")
        return f"**{text}**" if marked else text

    header, *body = ["| " + " | ".join(row) + " |" for row in _rows(frame, mark)]
    rule = "|---|" + "---:|" * len(frame.columns)
    caption = frame.attrs.get("caption")
    return "\n".join([header, rule, *body, *(["", caption] if caption else [])]) + "\n"


def _latex(frame: pd.DataFrame) -> str:
    def mark(text: str, marked: bool) -> str:
        return rf"\textbf{{{escape_latex(text)}}}" if marked else escape_latex(text)

    header, *body = [" & ".join(row) + r" \\" for row in _rows(frame, mark)]
    if "best" in frame.attrs and body:
        body.insert(-1, r"\midrule")  # before the rank
    caption = frame.attrs.get("caption")
    lines = [
        r"% needs \usepackage{booktabs}",
        r"\begin{table}",
        r"\centering",
        *([rf"\caption{{{escape_latex(caption)}}}"] if caption else []),
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
    sink = io.StringIO()
    csv.writer(sink, lineterminator="\n").writerows(_rows(frame, lambda text, _: text))
    return sink.getvalue()


FORMATS: dict[str, Callable[[pd.DataFrame], str]] = {
    "text": _text,
    "markdown": _markdown,
    "latex": _latex,
    "csv": _csv,
}
