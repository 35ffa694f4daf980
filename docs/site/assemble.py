"""Assembles the pages of the site: the guides, with links that work there, and generated pages."""

import os
import posixpath
import shutil
from functools import partial
from pathlib import Path
from typing import Final

from .api import write_api
from .catalogue import write_catalogue
from .markdown import relink

_MOVED: Final = {
    "README.md": "readme.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "security.md",
}
"""Pages at the root of the repository, and their place in the site."""

_FOLDERS: Final = {
    "algorithms": "catalogue/algorithms.md",
    "problems": "catalogue/problems.md",
    "metrics": "catalogue/metrics.md",
    "docs": "index.md",
    "docs/correctness": "correctness/README.md",
}
"""Folders that pages link, and the page of the site that takes their place."""


def guides(root: Path) -> list[Path]:
    """Return the Markdown pages that people write."""
    own = [root / name for name in _MOVED if (root / name).exists()]
    return own + sorted((root / "docs").rglob("*.md"))


def assemble(root: Path, pages: Path) -> None:
    """Write all pages and pictures of the site into the folder `pages`, which is emptied first.

    Args:
        root: The repository.
        pages: The source folder of Sphinx.
    """
    shutil.rmtree(pages, ignore_errors=True)
    pages.mkdir(parents=True)
    for source in guides(root):
        target = pages / _place(source.relative_to(root).as_posix())
        target.parent.mkdir(parents=True, exist_ok=True)
        text = source.read_text(encoding="utf-8")
        written = relink(
            text, partial(_relink, source=source, target=target, root=root, pages=pages)
        )
        target.write_text(written, encoding="utf-8")
    write_catalogue(pages, root)
    write_api(pages, guides(root))


def _place(name: str) -> str:
    """Return where a file of the repository is in the site."""
    return _MOVED.get(name, name.removeprefix("docs/"))


def _relink(link: str, *, source: Path, target: Path, root: Path, pages: Path) -> str:
    """Return a link of the page `source` as it must be in `target`; linked files are copied."""
    path, _, fragment = link.partition("#")
    if not path:
        return link
    name = posixpath.relpath(posixpath.normpath(source.parent / path), root)
    file = root / name
    if not file.exists():
        return link  # Sphinx reports it
    if file.is_dir():
        if name not in _FOLDERS:
            raise ValueError(
                f"{source}: no page of the site takes the place of the folder `{name}`."
            )
        place = _FOLDERS[name]
    elif file.suffix == ".md" and (name.startswith("docs/") or name in _MOVED):
        place = _place(name)
    else:
        place = _place(name) if name.startswith("docs/") else f"files/{name}"
        (pages / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, pages / place)
    moved = os.path.relpath(pages / place, target.parent)
    return f"{moved}#{fragment}" if fragment else moved
