"""Fonts, colours, markers and dashes of all figures."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

SMALL, SIZE, LARGE = 6.0, 7.0, 8.0
"""Sizes of text in points, as they are on paper."""

RC: Final[dict[Any, Any]] = {
    # Names of algorithms are literal: `$x$` would be set as a formula, and `$\\x$` refused.
    "text.parse_math": False,
    "svg.hashsalt": "fusefront",  # ids of elements do not change from one file to the next
    "pdf.fonttype": 42,  # journals refuse the default, Type 3
    "font.family": "DejaVu Sans",  # comes with matplotlib, on every machine
    "font.size": SIZE,
    "axes.labelsize": SIZE,
    "axes.titlesize": SIZE,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "legend.fontsize": SMALL,
    "axes.linewidth": 0.6,
    "axes.edgecolor": "0.4",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "0.93",
    "grid.linewidth": 0.5,
    "xtick.color": "0.4",
    "ytick.color": "0.4",
    "xtick.labelcolor": "0.2",
    "ytick.labelcolor": "0.2",
    "xtick.major.size": 2,
    "ytick.major.size": 2,
    "xtick.major.pad": 2,
    "ytick.major.pad": 2,
    "xtick.minor.size": 0,
    "ytick.minor.size": 0,
    "axes.labelpad": 2,
    "axes.titlepad": 3,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.5,
    "figure.dpi": 100,
}

GREY, FAINT = "0.35", "0.78"
"""Colours of anchors and of the algorithms that are not highlighted."""
SEQUENTIAL: Final = "cividis"
"""A scale that is uniform in lightness and for colour-blind readers."""
DIVERGING: Final = "RdBu_r"

# Okabe and Ito without yellow, which is too light for lines, then three of Tol, ordered so that
# neighbours differ in lightness. 10 colours, 11 markers and 7 dashes have no common factor.
COLOURS: Final = (
    *("#0072B2", "#D55E00", "#000000", "#E69F00", "#009E73", "#CC79A7", "#56B4E9"),
    *("#882255", "#999933", "#332288"),
)
MARKERS: Final = "os^DvPX<>ph"
DASHES: Final[tuple[Any, ...]] = (
    "-",
    (0, (5, 1.5)),
    (0, (1, 1)),
    (0, (6, 1.5, 1, 1.5)),
    (0, (3, 1)),
    (0, (6, 1, 1, 1, 1, 1)),
    (0, (9, 2)),
)


class Look(NamedTuple):
    """Colour, marker and dashes of a highlighted algorithm, which are also distinct in grey."""

    colour: str
    marker: str
    dashes: Any

    @property
    def line(self) -> dict[str, Any]:
        """Arguments of a line."""
        return {"color": self.colour, "linestyle": self.dashes}

    @property
    def dots(self) -> dict[str, Any]:
        """Arguments of a scatter."""
        return {
            "color": self.colour,
            "marker": self.marker,
            "edgecolors": "white",
            "linewidths": 0.4,
        }


def looks(names: Sequence[str]) -> dict[str, Look]:
    """Return the look of each highlighted algorithm, in the order of `names`."""
    return {
        name: Look(COLOURS[i % len(COLOURS)], MARKERS[i % len(MARKERS)], DASHES[i % len(DASHES)])
        for i, name in enumerate(names)
    }
