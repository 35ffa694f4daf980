"""The generated page of a suite."""

from pathlib import Path
from typing import Any

from fusefront.entry import Entry

from . import archives
from .tables import markdown_table
from .writing import inline, opening


def suite_page(entry: Entry[Any], root: Path) -> str:
    """Return size, problems, algorithms and results as Markdown."""
    del root
    suite = entry.load()
    runs = len(suite.problems) * len(suite.algorithms) * suite.seeds
    rows = [
        ["problems", len(suite.problems)],
        ["algorithms", len(suite.algorithms)],
        ["seeds", suite.seeds],
        ["budget", f"{suite.budget:,} units per fit" if suite.budget else "no cap"],
        ["runs", f"{runs:,}"],
    ]
    return "\n".join(
        [
            *opening("Suite", entry),
            *("## Size", "", markdown_table(["part", "number"], rows), ""),
            *(
                "## How it was checked",
                "",
                "- Every problem and algorithm of it is checked; their pages say how.",
                f"- `fusefront run {entry.name} --dry-run` prints what it would compute.",
                "",
            ),
            *("## Problems", "", _names("problems", suite.problems), ""),
            *("## Algorithms", "", _names("algorithms", suite.algorithms), ""),
            *_results(entry.name),
        ]
    )


def _names(kind: str, names: tuple[str, ...]) -> str:
    targets = [(name, name.partition("[")[0]) for name in names]
    return "\n".join(f"- [`{name}`](../{kind}/{target}.md)" for name, target in targets)


def _results(name: str) -> list[str]:
    lines = ["## Results in the pre-run archives", ""]
    if name not in archives.ARCHIVES:
        return [*lines, "No archive has results of this suite.", ""]
    lines += [f'`fusefront.load_prerun("{name}")` returns all of them.', ""]
    for metric in archives.SHOWN:
        scores = archives.scores(name, metric)
        if scores is None:
            continue
        frame = scores.texts.T
        rows = [
            [f"[`{a}`](../algorithms/{a}.md)", *row]
            for a, row in zip(frame.index, frame.to_numpy(), strict=True)
        ]
        lines += [f"### {metric}", "", inline(scores.caption), ""]
        lines += [markdown_table(["algorithm", *map(str, frame.columns)], rows), ""]
    return lines
