"""Generated pages: one per algorithm, problem, metric and suite, from registries and archives."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from fusefront import ALGORITHMS, METRICS, PROBLEMS, SUITES
from fusefront.entry import Entry
from fusefront.registry import Registry

from .algorithm_page import algorithm_page
from .metric_page import metric_page
from .problem_page import problem_page
from .suite_page import suite_page
from .tables import markdown_table
from .writing import inline

REGISTRIES: Final[Mapping[str, Registry[Any]]] = {
    "algorithms": ALGORITHMS,
    "problems": PROBLEMS,
    "metrics": METRICS,
    "suites": SUITES,
}
_PAGES: Final = {
    "algorithms": algorithm_page,
    "problems": problem_page,
    "metrics": metric_page,
    "suites": suite_page,
}
_UNLISTED: Final = "---\norphan: true\n---\n\n"
"""The tables link these pages. In the sidebar, which every page repeats, more than 400 entries
would make the build take ten times as long."""

_INTRODUCTIONS: Final = {
    "algorithms": "Every registered algorithm, with its labels. `fusefront list algorithms --label "
    "data=none` narrows the list on the command line.",
    "problems": "Every registered problem. See [Problems](../problems.md) for the families, and "
    "for the data packages that some of them need.",
    "metrics": "Every registered metric. [Metrics](../metrics.md) says which one answers which "
    "question.",
    "suites": "A suite is a study that ships with fusefront: `fusefront run NAME -o runs/NAME`.",
}


def write_catalogue(pages: Path, root: Path) -> None:
    """Write all generated pages below `pages/catalogue`; `root` is the repository."""
    for kind, registry in REGISTRIES.items():
        folder = pages / "catalogue" / kind
        folder.mkdir(parents=True)
        entries = sorted(registry, key=lambda e: natural(e.name))
        for entry in entries:
            text = f"{_UNLISTED}{_PAGES[kind](entry, root)}"
            (folder / f"{entry.name}.md").write_text(text, encoding="utf-8")
        index = pages / "catalogue" / f"{kind}.md"
        index.write_text(_index(kind, entries), encoding="utf-8")


def natural(name: str) -> list[tuple[int, str]]:
    """Return a sort key by which `t2` comes before `t10`."""
    return [(int(p), "") if p.isdigit() else (-1, p) for p in re.split(r"(\d+)", name)]


def _index(kind: str, entries: list[Entry[Any]]) -> str:
    lines = [f"# {kind.capitalize()}", "", f"{_INTRODUCTIONS[kind]} There are {len(entries)}.", ""]
    for title, group in _groups(kind, entries):
        if title:
            lines += [f"## {title}", ""]
        keys = list(dict.fromkeys(key for e in group for key in e.labels if key != "family"))
        rows = [
            [
                f"[`{e.name}`]({kind}/{e.name}.md)",
                inline(e.summary),
                *(e.labels.get(key, "") for key in keys),
            ]
            for e in group
        ]
        lines += [markdown_table(["name", "summary", *keys], rows), ""]
    return "\n".join(lines)


def _groups(kind: str, entries: list[Entry[Any]]) -> Iterator[tuple[str, list[Entry[Any]]]]:
    """Yield problems by family, and all others as one group without a title."""
    if kind != "problems":
        yield "", entries
        return
    for family in dict.fromkeys(e.labels.get("family", "others") for e in entries):
        yield family, [e for e in entries if e.labels.get("family", "others") == family]
