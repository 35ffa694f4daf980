"""Anytime curves: expected utility against the budget that was spent."""

from matplotlib.figure import Figure

from ..results import Results
from .canvas import counted, few_ticks, finish, handles_of, labels_of, panels_of
from .highlight import highlighted
from .options import Options
from .over_budget import draw_lines, frame_budget
from .style import looks
from .trajectories import trajectories


def draw_anytime(results: Results, options: Options) -> Figure:
    """Return the mean expected utility over problems, at the corners and the centre.

    Lines are means over seeds, and bands of highlighted algorithms reach from the best to the
    worst seed. Algorithms that cost nothing begin at the left edge.

    Args:
        results: With milestones, or with traces on validation.
        options: With the axis and the highlighted algorithms.
    """
    found = trajectories(results, options)
    grid = found.grid()
    seeds = found.values(grid).mean(axis=1)  # (names, seeds, places)
    look = looks(highlighted(results, options))
    figure, (axes,) = panels_of(1, options, ratio=0.75)
    for name, values in zip(found.names, seeds, strict=True):
        if name in look and len(found.seeds) > 1:
            band = axes.fill_between(grid, values.min(axis=0), values.max(axis=0), step="post")
            band.set(color=look[name].colour, alpha=0.15, linewidth=0, gid=f"band {name}")
    lines = dict(zip(found.names, seeds.mean(axis=1), strict=True))
    draw_lines(axes, grid, lines, look)
    frame_budget(axes, grid, options)
    few_ticks(axes, 6)
    axes.set_ylabel("Expected utility ↓")
    runs = results.runs[results.runs["problem"].isin(list(found.problems))]
    title = counted(f"Expected utility on {found.measured} over the budget ↓", runs)
    others = len(set(found.names) - set(look))
    return finish(figure, options, title, handles_of(look, labels_of(results, options), others))
