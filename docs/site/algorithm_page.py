"""The generated page of an algorithm."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from fusefront.benchmark.cli.info import describe_algorithm
from fusefront.entry import Entry

from . import archives
from .docstrings import as_markdown, described, without_arguments
from .tables import markdown_table
from .writing import inline, opening

_PARAMETER = re.compile(r"^ {2}(\w+) = (.*)((?:\n {3,}.*)*)", re.MULTILINE)


def algorithm_page(entry: Entry[Any], root: Path) -> str:
    """Return labels, source, hyper-parameters, docstring, checks and results as Markdown."""
    listed, _, docstring = describe_algorithm(entry).partition("\n\n")
    return "\n".join(
        [
            *opening("Algorithm", entry),
            *_parameters(listed, described(entry.load())),
            *("## Description", "", as_markdown(without_arguments(docstring)), ""),
            *_checks(entry.name, root),
            *_results(entry.name),
        ]
    )


def _parameters(listed: str, descriptions: dict[str, str]) -> list[str]:
    """Return the table of what `fusefront info` lists as hyper-parameters."""
    rows = []
    for name, default, text in _PARAMETER.findall(listed):
        description = " ".join(text.split()) or descriptions.get(name, "")
        rows.append([f"`{name}`", f"`{default}`", inline(description)])
    shown = markdown_table(["name", "default", "description"], rows) if rows else "None."
    return ["## Hyper-parameters", "", shown, ""]


@cache
def _correctness(root: Path) -> dict[str, str]:
    """Return the pages on correctness by name, except the one that lists them."""
    folder = root / "docs" / "correctness"
    return {
        p.stem: p.read_text(encoding="utf-8") for p in folder.glob("*.md") if p.stem != "README"
    }


def _checks(name: str, root: Path) -> list[str]:
    lines = ["## How it was checked", ""]
    pages = [stem for stem, text in _correctness(root).items() if f"`{name}`" in text]
    for stem in sorted(pages):
        title = _correctness(root)[stem].partition("\n")[0].lstrip("# ")
        lines.append(f"- [{title}](../../correctness/{stem}.md)")
    if not pages:
        lines.append("- See [How every algorithm was checked](../../correctness/README.md).")
    contract = "the [contract](../../api/testing.md) of all algorithms"
    return [*lines, f"- `fusefront check {name}` repeats {contract}.", ""]


def _results(name: str) -> list[str]:
    lines = ["## Results in the pre-run archives", ""]
    for archive in archives.ARCHIVES:
        frame, captions = pd.DataFrame(), []
        for metric in archives.SHOWN:
            scores = archives.scores(archive, metric)
            if scores is None or name not in scores.texts.columns:
                continue
            captions.append(f"- {inline(scores.caption)}")
            problems = list(scores.ranks.index)
            frame[metric] = scores.texts[name].loc[problems]
            frame[f"rank by {metric}"] = [
                archives.rank_text(scores.ranks, problem, name) for problem in problems
            ]
        if len(frame):
            rows = [
                [f"[`{problem}`](../problems/{problem}.md)", *row]
                for problem, row in zip(frame.index, frame.to_numpy(), strict=True)
            ]
            table = markdown_table(["problem", *frame.columns], rows)
            lines += [f"### Archive `{archive}`", "", *captions, "", table, ""]
    if len(lines) == 2:
        lines += ["No archive has results of this algorithm.", ""]
    return lines
