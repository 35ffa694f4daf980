"""The generated page of a problem."""

import dataclasses
from pathlib import Path
from typing import Any

from fusefront.benchmark.study.problem_spec import ProblemSpec
from fusefront.domains import domains
from fusefront.entry import Entry

from . import archives
from .docstrings import as_markdown, described, without_arguments
from .tables import markdown_table
from .writing import inline, opening


def problem_page(entry: Entry[Any], root: Path) -> str:
    """Return labels, source, tasks, parameters, anchors and results as Markdown."""
    del root  # pages of algorithms and metrics look things up in the repository
    make = entry.load()
    tasks = ", ".join(f"`{task}`" for task in ProblemSpec.parse(entry.name).load().tasks)
    lines = [*opening("Problem", entry), "## Tasks", "", tasks, ""]
    if isinstance(make, type) and dataclasses.is_dataclass(make):
        lines += [*_knobs(make), "## Description", ""]
        lines += [as_markdown(without_arguments(make.__doc__ or "")), ""]
    return "\n".join([*lines, *_checks(entry), *_anchors(entry.name), *_results(entry.name)])


def _knobs(make: type) -> list[str]:
    texts, known = described(make), domains(make)
    rows = []
    for field in dataclasses.fields(make):
        domain = str(known.get(field.name, ""))
        rows.append([f"`{field.name}`", f"`{field.default!r}`", domain, texts.get(field.name, "")])
    shown = markdown_table(["name", "default", "must be", "description"], rows) if rows else "None."
    return ["## Parameters", "", "In brackets: `name[key=value]`.", "", shown, ""]


def _checks(entry: Entry[Any]) -> list[str]:
    lines = ["## How it was checked", ""]
    if entry.labels.get("family") == "analytic":
        lines.append(
            "- Its Pareto front and extreme points are derived in closed form and compared "
            "with a search in the tests."
        )
    else:
        lines.append(
            "- Each task is admitted only if its expert gains at least ten standard errors of "
            "the test; see [the protocol](../../protocol.md)."
        )
    lines.append("- It satisfies the [contract](../../api/testing.md) of all problems.")
    lines.append(
        f"- `fusefront doctor --problem {entry.name}` reports what is missing on a machine, "
        f"and `fusefront info {entry.name}` prints anchors, resolution and conflict."
    )
    return [*lines, ""]


def _anchors(name: str) -> list[str]:
    frame = archives.anchors(name)
    if frame is None:
        return []
    rows = [
        [f"`{model}`", *(f"{v:.4f}" for v in row)]
        for model, row in zip(frame.index, frame.to_numpy(), strict=True)
    ]
    table = markdown_table(["model", *map(str, frame.columns)], rows)
    return [
        "## Anchors",
        "",
        "Metric of each task on test, as stored in the archives.",
        "",
        table,
        "",
    ]


def _results(name: str) -> list[str]:
    lines = ["## Results in the pre-run archives", ""]
    for archive in archives.ARCHIVES:
        columns, captions = {}, []
        for metric in (*archives.SHOWN, "igd-plus"):
            scores = archives.scores(archive, metric)
            if scores is not None and name in scores.ranks.index:
                columns[metric] = scores
                captions.append(f"- {inline(_own_reference(scores.caption, name))}")
        if not columns:
            continue
        first = next(iter(columns.values()))
        order = first.ranks.T[name].sort_values(na_position="last", kind="stable").index
        rows = [
            [f"[`{a}`](../algorithms/{a}.md)", *(s.texts.loc[name, a] for s in columns.values())]
            for a in order
        ]
        lines += [f"### Archive `{archive}`", "", *captions, ""]
        lines += [markdown_table(["algorithm", *columns], rows), ""]
    if len(lines) == 2:
        lines += ["No archive has results of this problem.", ""]
    return lines


def _own_reference(caption: str, problem: str) -> str:
    """Return a caption that names the references of all problems with that of this one only."""
    parts = caption.split("; ")
    for i, part in enumerate(parts):
        if part.startswith("references "):
            own = [
                ref
                for ref in part.removeprefix("references ").split(", ")
                if ref.endswith(f"({problem})")
            ]
            parts[i] = f"reference {own[0].partition(' ')[0]}" if own else part
    return "; ".join(parts)
