"""The Markdown pages of the project."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]

PAGES: Final = {
    path.relative_to(ROOT).as_posix(): path
    for path in (
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")),
        *sorted((ROOT / "docs").rglob("*.md")),
    )
}
