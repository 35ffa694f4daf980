"""Markdown tables of generated pages."""

from collections.abc import Iterable, Sequence


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    r"""Return a table; the first column is aligned to the left, the others as they come.

    >>> print(markdown_table(["a", "b"], [["x|y", 1]]))
    | a | b |
    | --- | --- |
    | x\|y | 1 |
    """
    lines = [_row(header), _row(["---"] * len(header)), *map(_row, rows)]
    return "\n".join(lines)


def _row(cells: Sequence[object]) -> str:
    texts = (" ".join(str(cell).split()).replace("|", r"\|") for cell in cells)
    return f"| {' | '.join(texts)} |"
