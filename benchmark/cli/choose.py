"""`fusefront choose`: one model of many, by floors, a preference, or the knee."""

import shutil
from typing import TYPE_CHECKING, Annotated

import typer

from ...errors import ParameterError
from .app import Algorithms, Labels, Source, Style, app

if TYPE_CHECKING:
    import pandas as pd


@app.command()
def choose(
    source: Source,
    problem: Annotated[
        str | None, typer.Option("-p", metavar="NAME", help="The problem, if there are several.")
    ] = None,
    preference: Annotated[
        str | None,
        typer.Option(
            metavar="P1,P2,...", help="Importance of each task; by default all are equal."
        ),
    ] = None,
    floor: Annotated[
        list[str] | None,
        typer.Option(metavar="TASK=VALUE", help="Least value of a task on test; repeatable."),
    ] = None,
    top: Annotated[int, typer.Option(metavar="N", help="Number of models to print.")] = 5,
    style: Style = "text",
    algorithm: Algorithms = None,
    label: Labels = None,
) -> None:
    """Choose a model: the best for a preference among those that reach a floor on each task.

    Models are ordered by their results on validation, because the best of many on test would look
    better than it is. Values and regret are printed for the test. Systems are left out.

    Examples:
    - `fusefront choose default! -p digits-mnist-sum --preference 0.7,0.3`
    - `fusefront choose default! -p digits-mnist-sum --floor sum=0.4 --floor mnist=0.7`
    """
    from ...algorithms import ALGORITHMS
    from ...results.decision import TEST, candidates, knee, meeting, ranked_by
    from ...results.tables.leaderboard import models_only
    from ...results.tables.render import render
    from ..api import load
    from .selection import select

    if top < 1:
        raise ParameterError(f"`--top` must be a positive integer. Found {top}.")
    results = select(load(source), algorithms=algorithm, labels=label)
    results = models_only(results, {entry.name: entry.labels for entry in ALGORITHMS})
    every = candidates(results, _only_problem(list(results.runs["problem"].unique()), problem))
    weights = _preference(preference, every.attrs["tasks"])
    left = meeting(every, dict(map(_floor, floor or [])))
    ordered = ranked_by(left, weights)
    frame = _printed(ordered.head(top))
    place = left.iloc[knee(left)]
    test_only = every.attrs["decided_on"] == TEST
    frame.attrs["caption"] = (
        f"{len(left)} of {len(every)} models reach the floors; utility = max p g on test, lower is "
        "better; regret: utility minus the least one"
        + (
            "; chosen on test, since these results have no values on validation, so the values "
            "are optimistic"
            if test_only
            else ""
        )
    )
    print(render(frame, style, width=shutil.get_terminal_size((100, 24)).columns))
    if style == "text":
        values = ", ".join(f"{t}={place[f'value:{t}']:.4f}" for t in every.attrs["tasks"])
        asked = ",".join(f"{p:.4g}" for p in place["preference"])
        print(
            f"knee: {place['display_name']} at preference {asked}, seed {place['seed']}: {values}"
        )


def _only_problem(names: list[str], given: str | None) -> str:
    if given is None and len(names) > 1:
        shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
        raise ParameterError(f"`-p` must name one problem of these results. Found {shown}.")
    return given or names[0]


def _preference(text: str | None, tasks: list[str]) -> list[float]:
    from ...metrics.checks import check_preference

    if text is None:
        return [1 / len(tasks)] * len(tasks)
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise ParameterError(
            f"`--preference` must be numbers separated by commas. Found `{text}`. "
            f"Give one number per task: {', '.join(tasks)}."
        ) from error
    return list(check_preference(values, len(tasks)))


def _floor(text: str) -> tuple[str, float]:
    task, _, value = text.partition("=")
    try:
        return task, float(value)
    except ValueError as error:
        raise ParameterError(
            f"`--floor` must be TASK=VALUE, such as sum=0.9. Found `{text}`."
        ) from error


def _printed(ordered: "pd.DataFrame") -> "pd.DataFrame":
    import pandas as pd

    columns = {
        "preference": [", ".join(f"{p:.4g}" for p in row) for row in ordered["preference"]],
        "seed": ordered["seed"].map(str).to_list(),
        **{
            task: [f"{value:.4f}" for value in ordered[f"value:{task}"]]
            for task in ordered.attrs["tasks"]
        },
        "utility": [f"{value:.4f}" for value in ordered["utility"]],
        "regret": [f"{value:.4f}" for value in ordered["regret"]],
    }
    index = pd.Index(ordered["display_name"].to_list(), name="algorithm")
    return pd.DataFrame(columns, index=index)
