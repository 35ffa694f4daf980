"""`fusefront split`: copy some of the runs."""

from typing import Annotated

import typer

from ...errors import ParameterError
from .app import Algorithms, NewDirectory, Problems, Source, Trust, app
from .merge import create


@app.command()
def split(
    source: Source,
    output: NewDirectory,
    problem: Problems = None,
    algorithm: Algorithms = None,
    seeds: Annotated[
        str, typer.Option(metavar="LIST", help="Only these seeds, for example `0,1`.")
    ] = "",
    trust: Trust = False,
) -> None:
    """Copy some of the runs into a new run directory, without changing the source.

    Examples:
    - `fusefront split runs/smoke -a map --seeds 0 -o runs/map`
    - `fusefront split default! -p digits-all -a map -a rewarded-soup -o runs/few`
    """
    from ..merge_split import split as make

    numbers = _numbers(seeds)
    create(
        output,
        lambda: make(
            source,
            output,
            problems=problem or (),
            algorithms=algorithm or (),
            seeds=numbers,
            trust=trust,
        ),
    )


def _numbers(text: str) -> list[int]:
    """Return the distinct numbers of a comma-separated list, in ascending order."""
    numbers = [part.strip() for part in text.split(",")] if text else []
    # `isdecimal` alone accepts digits of other scripts.
    if not all(number.isdecimal() and number.isascii() for number in numbers):
        raise ParameterError(f"`--seeds` must be numbers, such as `0,1`. Found `{text}`.")
    return sorted({int(number) for number in numbers})
