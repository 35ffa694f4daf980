"""Links of the Markdown files work, and so does the check that `make docs` makes of the site."""

import doctest
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
from docs.site.check import check_site
from docs.site.markdown import anchors, broken_links, links, relink
from tests.docs.pages import PAGES, ROOT

GENERATED = {f"{kind}.md" for kind in ("algorithms", "problems", "metrics", "suites")}
"""Pages of the catalogue, which the site builds; so is the API reference."""


def is_generated(page: str, target: str) -> bool:
    path = target.partition("#")[0]
    catalogue = page == "docs/catalogue/index.md" or "catalogue/" in path
    return path.startswith("api/") or (catalogue and Path(path).name in GENERATED)


@pytest.mark.parametrize("name", PAGES)
def test_links_of_a_page_lead_somewhere(name: str) -> None:
    broken = broken_links(PAGES[name], ROOT)
    assert [target for target in broken if not is_generated(name, target)] == []


def test_links_in_code_are_ignored() -> None:
    text = "[a](b.md) `[c](d.md)`\n```text\n[e](f.md)\n```\n![g](h.png)\n"
    assert list(links(text)) == ["b.md", "h.png"]
    assert relink(text, str.upper).startswith("[a](B.MD) `[c](d.md)`")


def test_repeated_headings_have_numbered_anchors() -> None:
    assert anchors("## Add one\n\n## Add one\n") == {"add-one", "add-one-1"}


def test_broken_links_are_found(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# Top\n[x](b.md) [y](#top) [z](#nowhere) [w](https://x.org)\n")
    assert broken_links(tmp_path / "a.md", tmp_path) == ["b.md", "#nowhere"]


def test_faults_of_a_site_are_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        '<a href="b.html#there">1</a> <a href="b.html#gone">2</a> <a href="c.html">3</a>'
        '<a href="https://example.org">4</a> <script src="https://example.org/x.js"></script>'
    )
    (tmp_path / "b.html").write_text('<p id="there"></p>')
    (tmp_path / "s.css").write_text("@font-face { src: url(https://example.org/f.woff) }")
    assert check_site(tmp_path) == [
        "a.html: loads https://example.org/x.js",
        "a.html: broken link b.html#gone",
        "a.html: broken link c.html",
        "s.css: loads https://example.org/f.woff",
    ]


def test_version_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    citation = (ROOT / "CITATION.cff").read_text("utf-8")
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert f"\nversion: {project['version']}\n" in citation
    assert f"\n## [{project['version']}] - " in changelog


@pytest.mark.parametrize("module", ["docstrings", "markdown", "tables"])
def test_examples_in_docstrings_of_the_generator(module: str) -> None:
    found = doctest.testmod(import_module(f"docs.site.{module}"))
    assert found.attempted
    assert not found.failed
