"""Draws figures of any kind, and saves them."""

import io
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from ...errors import ParameterError
from ...registry import unknown_name
from ..files.parquet import write_bytes
from ..results import Results
from .figures import FIGURES, TASK_VECTORS
from .highlight import picked
from .options import Options

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Without dates, the same figure gives the same file.
FORMATS: Final[dict[str, dict[str, Any]]] = {
    ".png": {"dpi": 300},
    ".svg": {"metadata": {"Date": None}},
    ".pdf": {"metadata": {"CreationDate": None}},
}


def draw(
    results: Results,
    kind: str = "front",
    *,
    problems: Sequence[str] | None = None,
    algorithms: Sequence[str] | None = None,
    metric: str = "expected-utility",
    highlight: Sequence[str] | None = None,
    width: str = "full",
    axis: str = "units",
    cost: str = "units",
    systems: Collection[str] = (),
) -> "Figure":
    """Draw results as a figure of matplotlib.

    Args:
        results: Of any runs.
        kind: One of `FIGURES`.
        problems: Names of problems; by default all.
        algorithms: Names or display names of algorithms; by default all.
        metric: The metric, for kinds that show one.
        highlight: Names of the algorithms in colour; by default all up to seven, otherwise the
            best by expected utility and `rewarded-soup`.
        width: `column` (3.3 inches) or `full` (6.9 inches).
        axis: `units` or `seconds`, for kinds that show the course of a run.
        cost: The metric of cost, for `cost-quality`.
        systems: Names of algorithms that answer a preference with several models, for runs that do
            not record it.

    Raises:
        UnknownNameError: If there is no such kind, problem, algorithm or metric.
        ParameterError: If the results lack what the kind shows.
    """
    function = FIGURES[kind].load()
    options = Options(
        metric=metric,
        highlight=None if highlight is None else tuple(highlight),
        width=width,
        axis=axis,
        cost=cost,
        systems=frozenset(systems),
    )
    from matplotlib import rc_context

    from .style import RC

    with rc_context(RC):
        return function(selected(results, problems, algorithms), options)


def save(figure: "Figure", path: Path) -> Path:
    """Write a figure to a file; equal figures give equal bytes.

    Args:
        figure: As returned by `draw`.
        path: Its suffix, one of `FORMATS`, selects the format.
    """
    suffix = check_suffix(path)
    from matplotlib import rc_context

    from .style import RC

    sink = io.BytesIO()
    with rc_context(RC):
        figure.savefig(sink, format=suffix[1:], **FORMATS[suffix])
    write_bytes(path, sink.getvalue())
    return path


def check_suffix(path: Path) -> str:
    """Return the suffix of a figure's file in lower case.

    Raises:
        ParameterError: If no format has this suffix.
    """
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise ParameterError(
            f"`path` must end in one of {', '.join(FORMATS)}. Found `{path.name}`."
        )
    return suffix


def kinds() -> dict[str, str]:
    """Return what each kind of figure shows, by name."""
    shown = {entry.name: entry.summary for entry in FIGURES}
    return shown | {TASK_VECTORS: "Cosines and sign conflicts of the experts of a problem"}


def selected(
    results: Results, problems: Sequence[str] | None, algorithms: Sequence[str] | None
) -> Results:
    """Return the results of some problems and algorithms; by default of all.

    Raises:
        UnknownNameError: If no run has one of the names.
    """
    runs = results.runs
    wanted = runs["problem"].notna()
    if problems:
        known = list(runs["problem"].unique())
        for problem in problems:
            if problem not in known:
                raise unknown_name("Problem", problem, known)
        wanted &= runs["problem"].isin(list(problems))
    if algorithms:
        wanted &= runs["display_name"].isin(picked(runs, algorithms))
    if wanted.all():
        return results
    return results.only(pa.chunked_array([pa.array(runs.loc[wanted, "run_id"], pa.string())]))
