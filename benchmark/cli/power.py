"""`fusefront power`: what a difference between two algorithms needs to be found."""

import json
import math
from typing import Annotated

import typer

from ...errors import ParameterError
from ...metrics import METRICS
from .app import AsJson, Labels, Problems, Source, app
from .table import METRIC


@app.command()
def power(
    source: Source,
    first: Annotated[str, typer.Argument(metavar="ALGORITHM", help="One algorithm.")],
    second: Annotated[str, typer.Argument(metavar="OTHER", help="Another one.")],
    metric: Annotated[
        str, typer.Option(metavar="NAME", help="The metric; see `fusefront list metrics`.")
    ] = METRIC,
    chance: Annotated[
        float, typer.Option("--power", metavar="P", help="Wanted chance of finding it.")
    ] = 0.8,
    alpha: Annotated[float, typer.Option(metavar="LEVEL", help="Level of the test.")] = 0.05,
    problem: Problems = None,
    label: Labels = None,
    as_json: AsJson = False,
) -> None:
    """Print how many problems are needed to find the difference between two algorithms.

    The difference varies with the problem, with the seed, and with the test examples. Standard
    deviations of all three tell where more data helps: usually it is more problems.

    Examples:
    - `fusefront power default! map rewarded-soup`
    - `fusefront power comparison! map sobol-pool --power 0.9`
    """
    from ...results.statistics.power import MOST, spread
    from ..api import load
    from .selection import select

    for name, value in (("--power", chance), ("--alpha", alpha)):
        if not 0 < value < 1:
            raise ParameterError(f"`{name}` must be between 0 and 1. Found {value:g}.")
    entry = METRICS[metric]
    results = select(load(source), problems=problem, labels=label)
    found = spread(results, entry.name, first, second, direction=entry.labels["direction"])
    needed = found.needed(power=chance, level=alpha)
    if as_json:
        facts = {
            name: None if isinstance(value, float) and math.isnan(value) else value
            for name, value in vars(found).items()
        }
        print(json.dumps(facts | {"problems_needed": needed}, indent=1))
        return
    better, worse = (first, second) if found.gain >= 0 else (second, first)
    print(
        f"{better} is better than {worse} by {abs(found.gain):.4f} in {entry.name}, on average "
        f"over {found.problems} problems and at least {found.seeds} seeds."
    )
    for what, value, why in (
        ("problems", found.over_problems, "one problem"),
        ("seeds", found.over_seeds, "one seed"),
        ("test examples", found.over_examples, "no outcomes of examples, or another metric"),
    ):
        text = f"unknown ({why})" if math.isnan(value) else f"{value:.4f}"
        print(f"standard deviation of the difference over {what}: {text}")
    if needed is None:
        known = not math.isnan(found.over_problems)
        reason = f"more than {MOST:,}" if known else "unknown, since there is one problem"
        print(f"problems needed: {reason}")
    else:
        print(
            f"problems needed: {needed:,}, to find a difference of this size with a power of "
            f"{chance:.0%} in a paired t-test at {alpha:g}"
        )
