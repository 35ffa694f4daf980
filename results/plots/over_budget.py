"""Lines over the budget: what the figures of the course of runs have in common."""

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from numpy.typing import NDArray

from .options import AXES, Options
from .style import FAINT, Look
from .trajectories import Array


def draw_lines(
    axes: Axes, grid: Array, lines: Mapping[str, NDArray[Any]], look: Mapping[str, Look]
) -> None:
    """Draw a step line per algorithm on a logarithmic axis, highlighted ones with markers."""
    for name, values in lines.items():
        if name not in look:
            axes.step(grid, values, where="post", color=FAINT, linewidth=0.4, zorder=1, gid=name)
    every = max(len(grid) // 5, 1)
    for i, (name, one) in enumerate((n, o) for n, o in look.items() if n in lines):
        axes.step(
            grid,
            lines[name],
            where="post",
            marker=one.marker,
            # so that markers of equal lines are beside each other
            markevery=(i * 2 % every, every),
            markeredgecolor="white",
            markeredgewidth=0.3,
            zorder=3,
            gid=name,
            **one.line,
        )


def frame_budget(axes: Axes, grid: Array, options: Options) -> None:
    """Set the logarithmic axis over the budget."""
    axes.set_xscale("log")
    axes.set_xlim(grid[0], grid[-1])
    log_ticks(axes)
    axes.set_xlabel(AXES[options.axis])


def log_ticks(axes: Axes) -> None:
    """Label a logarithmic axis without formulas, as `10`, `1k` or `2M`."""
    low, high = axes.get_xlim()
    steps = (1.0,) if high / low > 50 else (1.0, 2.0, 5.0)
    axes.xaxis.set_major_locator(LogLocator(subs=steps, numticks=6))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: short_number(value)))
    axes.xaxis.set_minor_formatter(NullFormatter())


def short_number(value: float) -> str:
    """Return a number with a suffix for its thousands.

    >>> short_number(20_000), short_number(0.05), short_number(3e9)
    ('20k', '0.05', '3G')
    """
    for size, suffix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:g}{suffix}"
    return f"{value:g}"
