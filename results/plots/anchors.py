"""How the anchors of a problem are drawn."""

from collections.abc import Sequence
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from .panels import Panel
from .style import GREY

MARKS: Final[dict[str, dict[str, Any]]] = {
    "pretrained": {"marker": "x", "s": 20, "linewidths": 1.0},
    "average": {"marker": "+", "s": 26, "linewidths": 1.0},
    "expert": {"marker": "*", "s": 26, "linewidths": 0},
}
LIGHT: Final = "0.85"


def draw_anchors(axes: Axes, panel: Panel) -> None:
    """Draw the anchors of two tasks in a plane, and lines at the experts and the pretrained."""
    if not panel.anchors:
        return
    for line in (axes.axhline, axes.axvline):
        for place in (0, 1):
            line(place, color=LIGHT, linewidth=0.6, zorder=0)
    for label, points in panel.anchors.items():
        axes.scatter(points[:, 0], points[:, 1], color=GREY, zorder=2, **MARKS[label])


def anchor_handles(labels: Sequence[str]) -> list[Line2D]:
    """Return the handles of kinds of anchors."""
    style: dict[str, Any] = {"color": GREY, "linestyle": "", "markersize": 5}
    return [
        Line2D([], [], marker=MARKS[label]["marker"], label=f"anchor: {label}", **style)
        for label in labels
    ]


def drawn_anchors(shown: Sequence[Panel]) -> list[str]:
    """Return the kinds of anchors that panels have."""
    return list(dict.fromkeys(label for panel in shown for label in panel.anchors))
