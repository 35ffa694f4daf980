"""`fusefront plot`: figures of results."""

import shutil
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...algorithms import ALGORITHMS
from ...deprecation import warn_renamed
from ...errors import ParameterError
from .app import SOURCE, Algorithms, Labels, Problems, app

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def _print_kinds(requested: bool) -> None:
    if not requested:
        return
    from ...results.plots.draw import kinds

    found = kinds()
    width = max(map(len, found))
    columns = shutil.get_terminal_size((100, 24)).columns
    for name, text in found.items():
        indent = " " * (width + 2)
        print(textwrap.fill(text, columns, initial_indent=f"{name:<{width}}  ",
                            subsequent_indent=indent))  # fmt: skip
    raise typer.Exit


@app.command()
def plot(
    source: Annotated[str, typer.Argument(metavar="RESULTS", help=SOURCE)] = "",
    old_kind: Annotated[str, typer.Argument(metavar="KIND", hidden=True)] = "",
    kind: Annotated[
        str, typer.Option("--kind", metavar="KIND", help="The kind of figure; see `--list`.")
    ] = "front",
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="A .png, .svg or .pdf file. By default, `KIND.png` in the run directory.",
        ),
    ] = None,
    problem: Problems = None,
    algorithm: Algorithms = None,
    label: Labels = None,
    highlight: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Draw this algorithm in colour, and those not named in grey; repeatable. By "
            "default all up to seven, else the best by expected utility, and `rewarded-soup`.",
        ),
    ] = None,
    width: Annotated[
        str, typer.Option(metavar="WIDTH", help="column (3.3 inches) or full (6.9 inches).")
    ] = "full",
    metric: Annotated[
        str, typer.Option(metavar="NAME", help="The metric, for kinds that show one.")
    ] = "expected-utility",
    axis: Annotated[
        str,
        typer.Option(metavar="AXIS", help="units or seconds, for kinds over the budget."),
    ] = "units",
    cost: Annotated[
        str, typer.Option(metavar="NAME", help="The metric of cost, for `cost-quality`.")
    ] = "units",
    _list: Annotated[
        bool,
        typer.Option(
            "--list", callback=_print_kinds, is_eager=True, help="Print the kinds of figures."
        ),
    ] = False,
) -> None:
    """Draw a figure of results and print the path of the picture.

    Without `--kind`, it shows the fronts of the algorithms. The figure `task-vectors` needs no
    results, only `-p PROBLEM`.

    Examples:
    - `fusefront plot runs/smoke`
    - `fusefront plot default! --kind heat-map --width column -o heat-map.pdf`
    - `fusefront plot --kind task-vectors -p smoke-left-right -o vectors.svg`
    - `fusefront plot --list`
    """
    from ...results.plots.draw import check_suffix, draw, save
    from ...results.plots.figures import FIGURES, TASK_VECTORS
    from ..api import load
    from .selection import select

    kind = _kind(old_kind or kind)
    if old_kind:
        warn_renamed(f"fusefront plot RESULTS {old_kind}", f"--kind {kind}")
    if output is None:
        # Single files and `NAME!` have no folder in which a picture could be saved.
        output = (Path(source) if source and Path(source).is_dir() else Path()) / f"{kind}.png"
    check_suffix(output)
    if kind == TASK_VECTORS:
        print(save(_task_vectors(problem, width), output))
        return
    if not source:
        raise ParameterError(
            "`RESULTS` must be given. Found none. Name a run directory, an archive or `NAME!`, "
            f"as in `fusefront plot default! --kind {FIGURES[kind].name}`."
        )
    results = select(load(source), problems=problem, algorithms=algorithm, labels=label)
    systems = [entry.name for entry in ALGORITHMS.select({"delivery": "system"})]
    figure = draw(
        results,
        kind,
        metric=metric,
        highlight=highlight,
        width=width,
        axis=axis,
        cost=cost,
        systems=systems,
    )
    print(save(figure, output))


def _kind(name: str) -> str:
    """Return the name of a kind as it is registered.

    Raises:
        UnknownNameError: If there is none.
    """
    from ...registry import unknown_name
    from ...results.plots.draw import kinds

    found = name.replace("_", "-")
    if found not in kinds():
        raise unknown_name("kind", name, list(kinds()))
    return found


def _task_vectors(problems: list[str] | None, width: str) -> "Figure":
    """Draw the experts of a problem.

    Raises:
        ParameterError: If not exactly one problem is named.
    """
    from ...results.plots.options import Options
    from ...results.plots.task_vectors import draw_task_vectors
    from ..study.problem_spec import ProblemSpec

    Options(width=width)  # fails before the problem is prepared, which can take long
    if not problems or len(problems) != 1:
        raise ParameterError(
            "`-p` must name the one problem whose task vectors are drawn. "
            f"Found {len(problems or [])}. Add for example `-p smoke-left-right`."
        )
    spec = ProblemSpec.parse(problems[0])
    problem = spec.load()
    problem.prepare(lambda line: None)
    pool = problem.pool()
    return draw_task_vectors(pool.task_vectors.float().numpy(), pool.names, spec.name, width=width)
