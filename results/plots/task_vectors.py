"""Cosines and sign conflicts of the task vectors of a problem."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import colormaps, rc_context
from matplotlib.axes import Axes
from numpy.typing import NDArray

from ...errors import ShapeError
from .canvas import POINTS, finish, name_panel, panel_points, panels_of
from .colour_bar import add_bar
from .options import Options
from .style import DIVERGING, RC, SEQUENTIAL, SMALL
from .text import fitted, width_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
_ROW, _LABELS = 7.5, 80.0
"""Points that a row of a matrix takes, and the texts above and below it."""
_SMALLEST = 4.5  # points, for numbers in cells


def draw_task_vectors(
    vectors: NDArray[np.floating], names: Sequence[str], problem: str, *, width: str = "full"
) -> "Figure":
    """Return the cosine and the share of opposite signs of each pair of task vectors.

    Args:
        vectors: `(t, P)` task vectors, two or more, each expert minus the pretrained model.
        names: Their t tasks.
        problem: Name of the problem, for the title.
        width: `column` or `full`.

    Raises:
        ShapeError: If there are fewer than two vectors, or names and vectors differ in number.
    """
    options = Options(width=width)
    if vectors.ndim != 2 or len(vectors) < 2 or len(vectors) != len(names):
        raise ShapeError(
            "`vectors` must be (t, P), with t names and t at least 2. "
            f"Found {vectors.shape} and {len(names)} names."
        )
    with rc_context(RC):
        per_row = 1 if width == "column" else 2
        figure, (first, second) = panels_of(2, options, ratio=0.75, per_row=per_row)
        rows = 2 if width == "column" else 1
        least = rows * (_ROW * len(names) + _LABELS) / POINTS
        figure.set_figheight(max(figure.get_figheight(), least))
        name_panel(first, "Cosine", options)
        name_panel(second, "Sign conflict", options)
        _draw(first, cosines(vectors), names, options, (-1.0, 1.0), DIVERGING)
        _draw(second, sign_conflicts(vectors), names, options, (0.0, 1.0), SEQUENTIAL)
        for axes in (first, second):
            add_bar(figure, axes.images[0], [axes], "")
        size = f"{len(names)} task vectors with {vectors.shape[1]:,} entries"
        return finish(figure, options, f"Task vectors of {problem} ({size})")


def cosines(vectors: NDArray[np.floating]) -> Array:
    """Return the `(t, t)` cosines of `(t, P)` vectors; NaN for a vector of zeros."""
    wide = vectors.astype(np.float64)
    lengths = np.linalg.norm(wide, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(wide @ wide.T / np.outer(lengths, lengths))


def sign_conflicts(vectors: NDArray[np.floating]) -> Array:
    """Return the `(t, t)` shares of entries whose signs are opposite, of those where neither is 0.

    Two vectors without such entries have no conflict, 0.
    """
    positive, negative = (vectors > 0).astype(np.float32), (vectors < 0).astype(np.float32)
    opposite = positive @ negative.T
    opposite = (opposite + opposite.T).astype(np.float64)
    both = (positive + negative) @ (positive + negative).T
    return np.asarray(np.divide(opposite, both, out=np.zeros_like(opposite), where=both > 0))


def _draw(
    axes: Axes,
    values: Array,
    names: Sequence[str],
    options: Options,
    scale: tuple[float, float],
    colours: str,
) -> None:
    axes.imshow(
        values, cmap=colours, vmin=scale[0], vmax=scale[1], interpolation="none", aspect="auto"
    )
    t = len(names)
    room = 0.55 * panel_points(axes, options) / t
    short = [fitted(name, SMALL, 0.25 * panel_points(axes, options)) for name in names]
    upright = max(width_of(text, SMALL) for text in short) > 0.9 * room
    axes.set_xticks(range(t), short, rotation=90 if upright else 0)
    axes.set_yticks(range(t), short)
    axes.tick_params(length=0)
    axes.grid(visible=False)
    size = min(SMALL, 0.9 * room / width_of("-0.00", 1.0))
    if size < _SMALLEST:
        return
    for i, j in np.ndindex(t, t):
        share = (values[i, j] - scale[0]) / (scale[1] - scale[0])
        red, green, blue, _ = colormaps[colours](share)
        dark = 0.3 * red + 0.59 * green + 0.11 * blue < 0.5
        style: dict[str, Any] = {"color": "white" if dark else "black", "fontsize": size}
        axes.text(j, i, f"{values[i, j]:.2f}", ha="center", va="center_baseline", **style)
