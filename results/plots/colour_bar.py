"""Bars of colours beside panels."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from .style import SIZE


def add_bar(figure: Figure, shown: Any, places: Sequence[Axes], text: str) -> None:
    """Add the scale of a picture or a scatter to the right of panels, with its label."""
    bar = figure.colorbar(shown, ax=list(places), aspect=25, pad=0.02, fraction=0.06)
    bar.set_label(text, fontsize=SIZE)
    bar.locator = MaxNLocator(5)
    bar.outline.set_linewidth(0.4)
    bar.ax.grid(visible=False)
    bar.update_ticks()
