"""Where the texts of a figure are, as they are drawn."""

from itertools import combinations
from typing import Any

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox, BboxBase

PIXEL = 1.0


def drawn_texts(figure: Figure) -> list[tuple[str, Bbox]]:
    """Return all texts that are drawn, with their boxes in pixels.

    Ticks outside the limits of an axis are made, too, but not drawn. So drawing decides.
    """
    canvas: Any = FigureCanvasAgg(figure)  # untyped in matplotlib
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
    seen: dict[int, Text] = {}
    draw = Text.draw

    def record(self: Text, renderer: object) -> None:
        if self.get_visible() and self.get_text().strip():
            seen[id(self)] = self
        draw(self, renderer)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Text, "draw", record)
        canvas.draw()
    renderer = canvas.get_renderer()
    return [(text.get_text(), Text.get_window_extent(text, renderer)) for text in seen.values()]


def overlaps(texts: list[tuple[str, Bbox]]) -> list[tuple[str, str]]:
    """Return the pairs of texts that share more than a pixel."""
    return [
        (one, other)
        for (one, a), (other, b) in combinations(texts, 2)
        if min(a.x1, b.x1) - max(a.x0, b.x0) > PIXEL and min(a.y1, b.y1) - max(a.y0, b.y0) > PIXEL
    ]


def cut(texts: list[tuple[str, Bbox]], page: BboxBase) -> list[str]:
    """Return the texts that are partly outside the page."""
    return [
        text
        for text, box in texts
        if box.x0 < page.x0 - PIXEL
        or box.y0 < page.y0 - PIXEL
        or box.x1 > page.x1 + PIXEL
        or box.y1 > page.y1 + PIXEL
    ]
