"""`fusefront list`: the registered algorithms, problems, suites and metrics."""

import json
import re
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ...algorithms import ALGORITHMS
from ...entry import Entry
from ...metrics import METRICS
from ...problems import PROBLEMS
from ...registry import Registry, unknown_name
from ..study.suites import SUITES
from ..tune.problems import describe_origin
from .app import AsJson, app, key_value, terminal

if TYPE_CHECKING:
    from rich.console import Console

REGISTRIES: Final[dict[str, Registry[Any]]] = {
    "algorithms": ALGORITHMS,
    "problems": PROBLEMS,
    "suites": SUITES,
    "metrics": METRICS,
}


@app.command("list")
def list_entries(
    kind: Annotated[
        str, typer.Argument(metavar="KIND", help="algorithms, problems, suites or metrics.")
    ] = "",
    label: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="Only entries with this label; repeatable."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the registered algorithms, problems, suites and metrics, or only one kind.

    Examples:
    - `fusefront list algorithms --label data=none`
    - `fusefront list --label tasks=2 --json`
    """
    if kind and kind not in REGISTRIES:
        raise unknown_name("kind", kind, list(REGISTRIES))
    wanted = dict(key_value(text) for text in label or [])
    _check_keys(wanted, [REGISTRIES[kind]] if kind else list(REGISTRIES.values()))
    found = {
        name: sorted(registry.select(wanted), key=lambda entry: natural(entry.name))
        for name, registry in REGISTRIES.items()
        if name == kind or (not kind and set(wanted) <= set(registry.label_values))
    }
    if as_json:
        print(json.dumps({name: [_facts(e) for e in entries] for name, entries in found.items()}))
        return
    console = terminal()
    for name, entries in found.items():
        if console is None:
            _print_plain(name, entries)
        else:
            _print_table(name, entries, console)


def _check_keys(wanted: dict[str, str], registries: list[Registry[Any]]) -> None:
    known = list(dict.fromkeys(key for registry in registries for key in registry.label_values))
    for key in wanted:
        if key not in known:
            raise unknown_name("label", key, known)


def natural(name: str) -> list[tuple[int, str]]:
    """Return a sort key that puts `t2` before `t10`.

    >>> sorted(["t10", "t2"], key=natural)
    ['t2', 't10']
    """
    parts = re.split(r"(\d+)", name)
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]


def _print_plain(name: str, entries: list[Entry[Any]]) -> None:
    print(f"{name} ({len(entries)})")
    width = max((len(entry.name) for entry in entries), default=0)
    for entry in entries:
        labels = _labels(entry)
        print(f"  {entry.name:<{width}}  {entry.summary}{f'  [{labels}]' if labels else ''}")


def _print_table(name: str, entries: list[Entry[Any]], console: "Console") -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(title=f"{name} ({len(entries)})", title_justify="left", box=None)
    table.add_column("name", style="bold", no_wrap=True)
    table.add_column("summary", ratio=2)
    table.add_column("labels", style="dim", ratio=1)
    for entry in entries:
        table.add_row(Text(entry.name), Text(entry.summary), Text(_labels(entry)))
    console.print(table)


def _labels(entry: Entry[Any]) -> str:
    labels = " ".join(f"{key}={value}" for key, value in entry.labels.items())
    return (
        f"{labels}; defaults: {describe_origin(entry.origin)}" if _is_algorithm(entry) else labels
    )


def _is_algorithm(entry: Entry[Any]) -> bool:
    return entry.name in ALGORITHMS and ALGORITHMS[entry.name] is entry


def _facts(entry: Entry[Any]) -> dict[str, object]:
    return {
        "name": entry.name,
        "summary": entry.summary,
        "source": entry.source,
        "labels": dict(entry.labels),
        **({"defaults": describe_origin(entry.origin)} if _is_algorithm(entry) else {}),
    }
