"""The libraries that a report carries: unchanged files of npm packages, listed in a manifest."""

import json
import re
from functools import cache
from importlib.resources import files
from typing import Any, Final

VENDOR: Final = files(__package__) / "vendor"
SCRIPTS: Final = ("d3.min.js", "plot.umd.min.js", "tabulator.min.js")
STYLES: Final = ("tabulator.min.css",)
_SOURCE_MAP: Final = re.compile(r"(//|/\*)# sourceMappingURL=\S+( ?\*/)?\s*$")


def libraries() -> list[dict[str, Any]]:
    """Return package, version, source, licence and the SHA-256 of each file of each library."""
    found: list[dict[str, Any]] = json.loads((VENDOR / "manifest.json").read_text("utf-8"))
    return found


@cache
def embedded(name: str) -> str:
    """Return the text of a file, without the link to its source map: a report has no other file."""
    return _SOURCE_MAP.sub("", (VENDOR / name).read_text("utf-8"))
