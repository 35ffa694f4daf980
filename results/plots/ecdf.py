"""Empirical distribution of the budget at which targets are reached, as COCO draws it."""

import numpy as np
from matplotlib.figure import Figure

from ..results import Results
from .canvas import counted, finish, handles_of, labels_of, panels_of
from .highlight import highlighted
from .options import Options
from .over_budget import draw_lines, frame_budget
from .style import looks
from .trajectories import Array, Trajectories, trajectories

TARGETS = 51
"""Targets per problem, evenly spaced from the pretrained model to the best value of any run."""


def draw_ecdf(results: Results, options: Options) -> Figure:
    """Return, by algorithm, the share of (problem, target, seed) reached within each budget.

    A target is reached when the best value so far is at least as good. The targets of a problem
    reach from the pretrained model, exclusive, to the best value of any shown run.

    Args:
        results: With milestones, or with traces on validation.
        options: With the axis and the highlighted algorithms.
    """
    found = trajectories(results, options)
    grid = found.grid()
    lines = {name: shares(found, name, grid) for name in found.names}
    look = looks(highlighted(results, options))
    figure, (axes,) = panels_of(1, options, ratio=0.75)
    draw_lines(axes, grid, lines, look)
    frame_budget(axes, grid, options)
    axes.set_ylim(0, 1.02)
    axes.set_ylabel("Share of targets reached ↑")
    runs = results.runs[results.runs["problem"].isin(list(found.problems))]
    note = f"{TARGETS} targets each"
    title = counted(f"Targets of expected utility reached on {found.measured} ↑", runs, note)
    others = len(set(found.names) - set(look))
    return finish(figure, options, title, handles_of(look, labels_of(results, options), others))


def shares(found: Trajectories, name: str, grid: Array) -> Array:
    """Return the share of targets that an algorithm has reached at each place of the grid."""
    reached = np.zeros(len(grid))
    for problem, start in found.problems.items():
        aims = targets(found, problem)
        for seed in found.seeds:
            course = found.courses.get((name, problem, seed))
            if course is None:
                continue
            best = np.minimum.accumulate(course.values)
            so_far = np.concatenate([[start], best])[
                np.searchsorted(course.places, grid, side="right")
            ]
            reached += (so_far[:, None] <= aims + 1e-12).mean(axis=1)
    return np.asarray(reached / (len(found.problems) * len(found.seeds)))


def targets(found: Trajectories, problem: str) -> Array:
    """Return the targets of a problem, from the easiest to the best value of any run."""
    start = found.problems[problem]
    own = [course.values.min() for key, course in found.courses.items() if key[1] == problem]
    return np.linspace(start, min(*own, start), TARGETS + 1)[1:]
