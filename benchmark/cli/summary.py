"""`fusefront summary`: algorithms against metrics."""

import json
import shutil
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ...metrics import METRICS
from ...problems import PROBLEMS
from .app import Source, Style, app, key_value

if TYPE_CHECKING:
    from ...results.results import Results

DEFAULT_METRICS: Final = (
    *("hypervolume", "igd-plus", "expected-utility", "corner-gap"),
    *("average-normalised-accuracy", "worst-task-normalised-accuracy"),
    *("units", "wall-seconds", "peak-bytes", "trainable-parameters", "storage-bytes"),
    "inference-passes",
)


@app.command()
def summary(
    source: Source,
    metric: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Print only this metric; repeatable."),
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="Only problems with this label; repeatable."),
    ] = None,
    style: Style = "text",
) -> None:
    """Print the mean of every metric over the problems, with one row per algorithm.

    The standard deviation is taken over the seeds.

    Examples:
    - `fusefront summary runs/smoke`
    - `fusefront summary default! --label tasks=2 --metric hypervolume --format markdown`
    """
    from ...results.tables.render import render
    from ...results.tables.summary import summary as make
    from ..api import load

    columns = [
        (METRICS[name].name, "", METRICS[name].labels["direction"])
        for name in metric or DEFAULT_METRICS
    ]
    results = load(source)
    wanted = dict(key_value(text) for text in label or [])
    frame = make(results, columns, _with_labels(results, wanted))
    print(render(frame, style, width=shutil.get_terminal_size((100, 24)).columns))


def _with_labels(results: "Results", wanted: dict[str, str]) -> list[str]:
    """Return the problems of the results that have these labels.

    The labels are those stored with the results, since a problem may no longer be registered.
    """
    PROBLEMS.select(wanted)  # raises for a label that problems do not have
    facts = results.problems.drop_duplicates("problem")
    return [
        name
        for name, labels in zip(facts["problem"], facts["labels"], strict=True)
        if wanted.items() <= json.loads(labels).items()
    ]
