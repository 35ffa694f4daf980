"""Commands that show results: status, table, plot."""

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ...errors import ParameterError
from ...metrics import METRICS
from ...problems import PROBLEMS
from .app import app, key_value

if TYPE_CHECKING:
    from ...results.results import Results

SUMMARY: Final = (
    *("hypervolume", "igd-plus", "expected-utility", "corner-gap"),
    *("average-normalised-accuracy", "worst-task-normalised-accuracy"),
    *("units", "wall-seconds", "peak-bytes", "trainable-parameters", "storage-bytes"),
    "inference-passes",
)
"""Columns of a summary unless others are asked for."""

Directory = Annotated[
    Path, typer.Argument(help="A run directory, an archive, a `.zip` file or `NAME!`.")
]


@app.command()
def status(
    directory: Annotated[Path, typer.Argument(help="A run directory.")],
    watch: Annotated[
        bool, typer.Option("--watch", help="Show a tree every few seconds until all is there.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Count what is done, failed, skipped and missing; exit status 1 if anything is.

    It only reads: also from another terminal or machine, while the study runs.

    Example: `fusefront status runs/smoke --watch`
    """
    from ...results.directory.planned import read_planned
    from ...results.directory.snapshot import Snapshot
    from ...results.directory.status import count_statuses as count
    from ..run.leases import claimed

    if watch:
        from .watch import watch as follow

        follow(directory)
    planned, running = read_planned(directory), set(claimed(directory))
    frame = count(Snapshot(directory), planned)
    totals = frame[["done", "failed", "skipped", "missing"]].sum()
    totals["running"] = sum(run_id in running for run_id, *_ in planned)
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
    from ...results.tables.render import render
    from ...results.tables.table import table as make
    from ..api import load

    entry = METRICS[metric]
    results = load(directory)
    direction = entry.labels.get("direction", "")
    if entry.name not in results.metrics():
        raise ParameterError(
            f"`--metric {entry.name}` must have a score in `{directory}`. Found none: "
            "no run is done, or no problem has the reference front it needs."
        )
    frame = make(results, entry.name, show, direction=direction, reference=reference)
    print(render(frame, style, width=shutil.get_terminal_size((100, 24)).columns))


@app.command()
def summary(
    directory: Directory,
    metric: Annotated[list[str] | None, typer.Option(help="Instead of the usual ones.")] = None,
    label: Annotated[
        list[str] | None, typer.Option("--label", help="Only problems with this key=value.")
    ] = None,
    style: Annotated[str, typer.Option("--format", help="text, markdown, latex or csv.")] = "text",
) -> None:
    """Print algorithms against metrics: means over the problems, spread over the seeds.

    Example: `fusefront summary default! --label tasks=2`
    """
    from ...results.tables.render import render
    from ...results.tables.summary import summary as make
    from ..api import load

    columns = [
        (METRICS[name].name, "", METRICS[name].labels["direction"]) for name in metric or SUMMARY
    ]
    results = load(directory)
    wanted = dict(key_value(text) for text in label or [])
    frame = make(results, columns, _with_labels(results, wanted))
    print(render(frame, style, width=shutil.get_terminal_size((100, 24)).columns))


def _with_labels(results: "Results", wanted: dict[str, str]) -> list[str]:
    PROBLEMS.select(wanted)  # refuses a label that no problem has
    facts = results.problems.drop_duplicates("problem")
    return [
        name
        for name, labels in zip(facts["problem"], facts["labels"], strict=True)
        if wanted.items() <= json.loads(labels).items()
    ]


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
    from ...registry import unknown_name
    from ...results.plots.front import plot_front
    from ..api import load

    if kind != "front":
        raise unknown_name("kind", kind, ["front"])
    results = load(directory)
    if output is None:
        output = (directory if directory.is_dir() else Path()) / "front.png"
    print(plot_front(results, output, problems=problem, algorithms=algorithm))
