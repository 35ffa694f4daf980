"""`fusefront stats`: the statistics of tables, for anyone's own numbers."""

import shutil
from pathlib import Path
from typing import Annotated

import typer

from ...errors import ParameterError
from .app import Correction, Style, Test, app

DIRECTIONS = ("maximise", "minimise")


@app.command()
def stats(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.csv", help="A CSV file with the columns problem, algorithm, value, seed."
        ),
    ],
    direction: Annotated[
        str, typer.Option(metavar="DIRECTION", help="Whether to maximise or to minimise values.")
    ] = "maximise",
    baseline: Annotated[
        str | None, typer.Option(metavar="NAME", help="Test all others against this algorithm.")
    ] = None,
    test: Test = "sign-flip",
    correction: Correction = "holm",
    style: Style = "text",
) -> None:
    """Rank algorithms by numbers of your own: rank intervals, ties, and corrected tests.

    The column `seed` may be left out, and an empty value is a run without a result. Results of
    fusefront itself have more, so use `fusefront table` for them.

    Examples:
    - `fusefront stats scores.csv`
    - `fusefront stats scores.csv --direction minimise --baseline "my method"`
    """
    from ...results.statistics.comparison import rank_test, ranks
    from ...results.statistics.external import read_scores
    from ...results.statistics.ranking import ranking_of
    from ...results.tables.places import Versus, places, sentence
    from ...results.tables.render import render

    if direction not in DIRECTIONS:
        raise ParameterError(
            f"`--direction` must be {' or '.join(DIRECTIONS)}. Found `{direction}`."
        )
    scores = read_scores(file)
    found = ranking_of(scores, direction=direction)
    versus = None
    if baseline is not None:
        versus = Versus(baseline=baseline, test=test, correction=correction)
    frame = places(scores, found, direction=direction, versus=versus)
    print(render(frame, style, width=shutil.get_terminal_size((100, 24)).columns))
    if style != "text":
        return
    print(sentence(found, "value"))
    if (friedman := rank_test(ranks(scores, direction=direction))) is not None:
        print(
            f"Friedman's test of {friedman.algorithms} algorithms on {friedman.problems} problems: "
            f"p = {friedman.p_value:.3g}; mean ranks that are closer than "
            f"{friedman.critical_difference:.2f} do not differ significantly (Nemenyi)"
        )
