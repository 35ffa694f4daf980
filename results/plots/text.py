"""Texts that fit: measured, shortened and wrapped, so that none reaches into another."""

from functools import cache

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

from ..escape import printable

_PATHS = TextToPath()
_FONT = FontProperties(family="DejaVu Sans")
_SCALE = 100.0  # size at which texts are measured; extents of glyphs are proportional to it


@cache
def width_of(text: str, size: float) -> float:
    """Return the width of one line of text in points, at a font size in points."""
    font = _FONT.copy()
    font.set_size(_SCALE)
    return float(_PATHS.get_text_width_height_descent(text, font, ismath=False)[0]) * size / _SCALE


def fitted(text: str, size: float, points: float) -> str:
    """Return the text on one line, with `…` in its middle if it is wider than `points`."""
    text = printable(text)
    if width_of(text, size) <= points:
        return text
    for kept in range(len(text) - 1, 1, -1):
        head = -(-kept // 2)
        short = f"{text[:head]}…{text[len(text) - (kept - head) :]}"
        if width_of(short, size) <= points:
            return short
    return "…"


def wrapped(text: str, size: float, points: float) -> list[str]:
    """Return the lines of the text, none wider than `points`; words that are wider are cut."""
    lines: list[str] = []
    for word in text.split(" "):
        word = fitted(word, size, points)
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(longer, size) <= points:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
