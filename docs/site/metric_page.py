"""The generated page of a metric."""

from pathlib import Path
from typing import Any

from fusefront.benchmark.cli.info import describe_metric
from fusefront.entry import Entry

from . import archives
from .docstrings import as_markdown
from .tables import markdown_table
from .writing import inline, opening


def metric_page(entry: Entry[Any], root: Path) -> str:
    """Return labels, source, inputs, docstring, checks and average ranks as Markdown."""
    inputs, _, docstring = describe_metric(entry).partition("\n\n")
    lines = [*opening("Metric", entry), "## Inputs", ""]
    lines += [inline(inputs.strip().removeprefix("needs:").strip()), "", "## Description", ""]
    lines += [as_markdown(docstring), "", *_checks(entry, root), *_results(entry.name)]
    return "\n".join(lines)


def _checks(entry: Entry[Any], root: Path) -> list[str]:
    function = entry.name.replace("-", "_")
    tests = [
        p
        for p in sorted((root / "tests" / "metrics").glob("test_*.py"))
        if function in p.read_text(encoding="utf-8")
    ]
    names = ", ".join(f"`tests/metrics/{path.name}`" for path in tests)
    lines = [
        "## How it was checked",
        "",
        "- It satisfies the [contract](../../api/testing.md) of all metrics.",
    ]
    if names:
        lines.append(f"- Its values are tested against a slow, readable implementation in {names}.")
    return [*lines, ""]


def _results(name: str) -> list[str]:
    lines = ["## Results in the pre-run archives", ""]
    for archive in archives.ARCHIVES if name in archives.SHOWN else archives.ARCHIVES[:1]:
        scores = archives.scores(archive, name)
        if scores is None:
            continue
        ranks = scores.texts.iloc[-1]
        order = scores.ranks.dropna().mean().sort_values(kind="stable").index
        rows = [
            [
                f"[`{a}`](../algorithms/{a}.md)",
                ranks[a],
                *(scores.texts.loc[p, a] for p in scores.ranks.index),
            ]
            for a in order
        ]
        lines += [f"### Archive `{archive}`", "", inline(scores.caption), ""]
        header = ["algorithm", str(scores.texts.index[-1]), *map(str, scores.ranks.index)]
        lines += [markdown_table(header, rows), ""]
    if len(lines) > 2 and name not in archives.SHOWN:
        command = f"fusefront table {archives.ARCHIVES[1]}! --metric {name}"
        lines += [f"`{command}` ranks the algorithms of the other archive.", ""]
    if len(lines) == 2:
        lines += ["No archive has scores of this metric.", ""]
    return lines
