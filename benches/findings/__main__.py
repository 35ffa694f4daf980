"""Write docs/findings.md and its pictures: `python -m benches.findings [DIRECTORY or NAME!]`.

Only the text between the marks `<!-- NAME: begin -->` and `<!-- NAME: end -->` is replaced. The
default source is the pre-run archive `comparison!`.
"""

import sys
import tomllib
from pathlib import Path

import fusefront
from fusefront.results.tables.render import render

from . import claims, figures, tables
from .study import DEARER, PER_TASK, TRANSDUCTIVE, Study

DOCS = Path(__file__).parent.parent.parent / "docs"
PAGE = DOCS / "findings.md"
PICTURES = DOCS / "findings"


def parts(study: Study) -> dict[str, str]:
    """Return the generated texts, by the name of their marks."""
    own = claims.Claims(study=study)
    each = [
        f"### {problem}\n\n{render(tables.of_problem(study, own, problem), 'markdown')}"
        for problem in study.groups
        if problem in set(study.rivals["problem"])
    ]
    return {
        "conditions": tables.conditions(study),
        "constants": tables.constants(study),
        "status": tables.status(study),
        "family": claims.counts(own),
        "survivors": claims.survivors(own),
        "pairs": render(claims.pairs(own), "markdown"),
        "overall": render(tables.overall(study, own), "markdown"),
        "ranks": tables.test_of_ranks(study),
        "agreement": tables.agreement(study),
        "transductive": render(tables.apart(study, TRANSDUCTIVE), "markdown"),
        "dearer": render(tables.apart(study, DEARER), "markdown"),
        "per-task": render(tables.apart(study, PER_TASK), "markdown"),
        "problems": "\n".join(each),
    }


def fill(page: str, name: str, text: str) -> str:
    """Return the page with the text between the marks of this name replaced."""
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    before, found, rest = page.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(
            f"The page must have the lines `{begin.strip()}` and `{end}`. "
            "Found at most one. Add both."
        )
    return f"{before}{begin}\n{text.strip()}\n\n{end}{after}"


def seeds(directory: Path, results: fusefront.Results) -> int:
    """Return the number of seeds of the study; archives have no study file, but all runs."""
    asked = directory / "study.toml"
    if asked.is_file():
        return int(tomllib.loads(asked.read_text())["seeds"])
    return int(results.runs["seed"].nunique())


def main() -> None:
    """Fill the page and draw the pictures."""
    source = sys.argv[1] if len(sys.argv) > 1 else "comparison!"
    results = fusefront.load(source)
    study = Study(results=results, seeds=seeds(Path(source), results))
    page = PAGE.read_text()
    for name, text in parts(study).items():
        page = fill(page, name, text)
    PAGE.write_text(page)
    figures.draw_costs(study, claims.Claims(study=study), PICTURES / "costs.png")
    figures.draw_ranks(study, PICTURES / "ranks.png")
    figures.draw_fronts(study, PICTURES / "fronts.png")


if __name__ == "__main__":
    main()
