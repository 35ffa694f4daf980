"""Commands that look at what there is: list, info, doctor."""

import json
import re
from typing import Annotated, Any

import typer

from ...algorithms import ALGORITHMS
from ...metrics import METRICS
from ...problems import PROBLEMS
from ...registry import Registry, unknown_name
from ..study.suites import SUITES
from .app import app, key_value

REGISTRIES: dict[str, Registry[Any]] = {
    "algorithms": ALGORITHMS,
    "problems": PROBLEMS,
    "suites": SUITES,
    "metrics": METRICS,
}


@app.command("list")
def list_entries(
    kind: Annotated[str, typer.Argument(help="algorithms, problems, suites or metrics.")] = "",
    label: Annotated[
        list[str] | None, typer.Option("--label", help="Only entries with this key=value.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """List what is registered; without a kind, everything.

    Example: `fusefront list algorithms --label data=none`
    """
    if kind and kind not in REGISTRIES:
        raise unknown_name("kind", kind, list(REGISTRIES))
    wanted = dict(key_value(text) for text in label or [])
    _check_keys(wanted, [REGISTRIES[kind]] if kind else list(REGISTRIES.values()))
    found = {
        name: registry.select(wanted)
        for name, registry in REGISTRIES.items()
        if name == kind or (not kind and set(wanted) <= set(registry.label_values))
    }
    if as_json:
        print(json.dumps({name: _rows(entries) for name, entries in found.items()}))
        return
    for name, entries in found.items():
        print(f"{name} ({len(entries)})")
        width = max((len(e.name) for e in entries), default=0)
        for entry in sorted(entries, key=lambda e: natural(e.name)):
            labels = " ".join(f"{k}={v}" for k, v in entry.labels.items())
            print(f"  {entry.name:<{width}}  {entry.summary}{f'  [{labels}]' if labels else ''}")


@app.command()
def info(name: Annotated[str, typer.Argument(help="Any registered name.")]) -> None:
    """Tell all of one algorithm, problem, suite or metric; problems also as `run -p` takes them.

    Example: `fusefront info pwemoe-ls`, `fusefront info "analytic-quadratic[angle=60]"`
    """
    from . import describe
    from .describe_problem import describe_problem, is_problem

    for kind, registry in REGISTRIES.items():
        if kind != "problems" and name in registry:
            print(describe.head(kind, registry[name]))
            print(getattr(describe, kind)(registry[name]))
            return
    if is_problem(name):
        print(describe_problem(name))
        return
    known = [entry.name for registry in REGISTRIES.values() for entry in registry]
    raise unknown_name("name", name, known)


@app.command()
def doctor(
    problem: Annotated[
        list[str] | None,
        typer.Option("--problem", help="Instead: what this problem, or each of a suite, needs."),
    ] = None,
) -> None:
    """Check the environment: versions, threads, data packages, shipped weights.

    With `--problem`, a preflight: what is present, missing or mismatched, before any heavy load.

    Example: `fusefront doctor`, `fusefront doctor --problem my-experts.toml`
    """
    from .examine import examine, preflight

    healthy = True
    for what, ok, found in preflight(problem) if problem else examine():
        healthy &= ok
        print(f"{'ok  ' if ok else 'BAD '} {what:<22} {found}")
    raise typer.Exit(0 if healthy else 1)


def _check_keys(wanted: dict[str, str], registries: list[Registry[Any]]) -> None:
    known = list(dict.fromkeys(key for registry in registries for key in registry.label_values))
    for key in wanted:
        if key not in known:
            raise unknown_name("label", key, known)


def natural(name: str) -> list[tuple[int, str]]:
    """A sort key by which `t2` comes before `t10`.

    >>> sorted(["t10", "t2"], key=natural)
    ['t2', 't10']
    """
    parts = re.split(r"(\d+)", name)
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]


def _rows(entries: list[Any]) -> list[dict[str, object]]:
    return [_facts(entry) for entry in sorted(entries, key=lambda e: natural(e.name))]


def _facts(entry: Any) -> dict[str, object]:
    return {
        "name": entry.name,
        "summary": entry.summary,
        "source": entry.source,
        "labels": dict(entry.labels),
    }
