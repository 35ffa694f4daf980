"""Average ranks at every budget."""

from matplotlib.figure import Figure
from scipy.stats import rankdata

from ..results import Results
from .canvas import counted, few_ticks, finish, handles_of, labels_of, panels_of
from .highlight import highlighted
from .options import Options
from .over_budget import draw_lines, frame_budget
from .style import looks
from .trajectories import trajectories

_DIGITS = 9  # smaller differences are ties, since they come from the order of summation


def draw_rank_over_budget(results: Results, options: Options) -> Figure:
    """Return the rank of each algorithm by expected utility, averaged over problems.

    At each budget, algorithms are ranked on each problem by their mean over seeds, and ties share
    a rank. 1 is the best.

    Args:
        results: With milestones, or with traces on validation.
        options: With the axis and the highlighted algorithms.
    """
    found = trajectories(results, options)
    grid = found.grid()
    means = found.values(grid).mean(axis=2).round(_DIGITS)  # (names, problems, places)
    ranks = rankdata(means, axis=0).mean(axis=1)
    look = looks(highlighted(results, options))
    figure, (axes,) = panels_of(1, options, ratio=0.75)
    draw_lines(axes, grid, dict(zip(found.names, ranks, strict=True)), look)
    frame_budget(axes, grid, options)
    few_ticks(axes, 6)
    axes.invert_yaxis()
    axes.set_ylabel(f"Average rank of {len(found.names)} (1 is best)")
    runs = results.runs[results.runs["problem"].isin(list(found.problems))]
    title = counted(f"Average rank by expected utility on {found.measured} ↓", runs)
    others = len(set(found.names) - set(look))
    return finish(figure, options, title, handles_of(look, labels_of(results, options), others))
