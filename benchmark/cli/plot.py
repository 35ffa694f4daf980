"""`fusefront plot`: figures of results."""

from pathlib import Path
from typing import Annotated

import typer

from .app import Algorithms, Problems, Source, app


@app.command()
def plot(
    source: Source,
    kind: Annotated[
        str, typer.Argument(metavar="KIND", help="The kind of figure: front.")
    ] = "front",
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="A .png, .svg or .pdf file. By default, `front.png` in the run directory.",
        ),
    ] = None,
    problem: Problems = None,
    algorithm: Algorithms = None,
) -> None:
    """Draw the fronts of the algorithms and print the path of the picture.

    Examples:
    - `fusefront plot runs/smoke`
    - `fusefront plot runs/smoke front -p smoke-left-right -a map -o front.pdf`
    """
    from ...registry import unknown_name
    from ...results.plots.front import plot_front
    from ..api import load

    if kind != "front":
        raise unknown_name("kind", kind, ["front"])
    results = load(source)
    if output is None:
        # Single files and `NAME!` have no folder in which a picture could be saved.
        output = (Path(source) if Path(source).is_dir() else Path()) / "front.png"
    print(plot_front(results, output, problems=problem, algorithms=algorithm))
