"""Commands that show results: status, table, plot."""

import json
import shutil
from pathlib import Path
from typing import Annotated

import typer

from ...metrics import METRICS
from ..errors import ParameterError
from .app import app

Directory = Annotated[Path, typer.Argument(help="A run directory, or `NAME!` of an archive.")]


@app.command()
def status(
    directory: Annotated[Path, typer.Argument(help="A run directory.")],
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Count what is done, failed, skipped and missing; exit status 1 if anything is.

    Example: `fusefront status runs/smoke`
    """
    from ...results.status import status as count
    from ..planned import read_planned

    frame = count(directory, read_planned(directory))
    totals = frame[["done", "failed", "skipped", "missing"]].sum()
    if as_json:
        print(json.dumps({"totals": totals.to_dict(), "rows": frame.to_dict("records")}))
    else:
        print(frame.to_string(index=False))
        print("  ".join(f"{word}: {count}" for word, count in totals.items()))
    raise typer.Exit(1 if totals["failed"] or totals["missing"] else 0)


@app.command()
def table(
    directory: Directory,
    metric: Annotated[str, typer.Option(help="See `fusefront list metrics`.")] = "hypervolume",
    show: Annotated[str, typer.Option(help="mean-std, mean, median-iqr or best.")] = "mean-std",
    style: Annotated[str, typer.Option("--format", help="text, markdown, latex or csv.")] = "text",
    reference: Annotated[
        str | None, typer.Option(help="Reference point or front, such as `ref_point=1.1`.")
    ] = None,
) -> None:
    """Print one metric: a row a problem, a column an algorithm, over the seeds.

    Example: `fusefront table runs/smoke --metric igd-plus --format latex`
    """
    from ...results.render import render
    from ...results.tables import table as make
    from ..library import load

    entry = METRICS[metric]
    results = load(directory)
    direction = entry.labels.get("direction", "")
    if entry.name not in set(results.scores["metric"]):
        raise ParameterError(
            f"`--metric {entry.name}` must have a score in `{directory}`. Found none: "
            "no run is done, or no problem has the reference front it needs."
        )
    frame = make(results, entry.name, show, direction=direction, reference=reference)
    print(render(frame, style, width=shutil.get_terminal_size((100, 24)).columns))


@app.command()
def plot(
    directory: Directory,
    kind: Annotated[str, typer.Argument(help="What to draw: front.")] = "front",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="A .png, .svg or .pdf file.")
    ] = None,
    problem: Annotated[list[str] | None, typer.Option("-p", help="Only these problems.")] = None,
    algorithm: Annotated[
        list[str] | None, typer.Option("-a", help="Only these algorithms.")
    ] = None,
) -> None:
    """Draw the fronts and print the path of the picture.

    Example: `fusefront plot runs/demo front -o front.pdf -p digits-left-right`
    """
    from ...results.plots import plot_front
    from ..library import load
    from ..registry import unknown_name

    if kind != "front":
        raise unknown_name("kind", kind, ["front"])
    results = load(directory)
    if output is None:
        output = (directory if directory.is_dir() else Path()) / "front.png"
    print(plot_front(results, output, problems=problem, algorithms=algorithm))
