"""Checks a built site: every internal link works, and no page loads anything from the network."""

import posixpath
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

_LOADED: Final = {"link": "href", "script": "src", "img": "src", "iframe": "src", "source": "src"}
"""Elements whose address a browser fetches by itself; an `a` is only followed by the reader."""

_NOT_FETCHED: Final = {"canonical", "author", "license", "next", "prev", "search", "index"}
_CSS_URL: Final = re.compile(r"(?:url\(|@import\s+)\s*['\"]?((?:https?:)?//[^'\")\s]+)")


@dataclass
class _Page(HTMLParser):
    """Anchors and addresses of one HTML page."""

    ids: set[str] = field(default_factory=set)
    followed: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect the element's anchor and address."""
        values = {name: value or "" for name, value in attrs}
        self.ids |= {values[name] for name in ("id", "name") if name in values}
        if tag == "a" and "href" in values:
            self.followed.append(values["href"])
        address = values.get(_LOADED.get(tag, ""))
        if address and not _NOT_FETCHED & set(values.get("rel", "").split()):
            self.loaded.append(address)


def check_site(site: Path) -> list[str]:
    """Return one line per broken link and per asset that is fetched from elsewhere."""
    pages = {path: _read(path) for path in sorted(site.rglob("*.html"))}
    faults = []
    for path, page in pages.items():
        name = path.relative_to(site)
        faults += [f"{name}: loads {a}" for a in page.loaded if _is_elsewhere(a)]
        for address in dict.fromkeys([*page.followed, *page.loaded]):
            if not _is_elsewhere(address) and not _resolves(address, path, pages, site):
                faults.append(f"{name}: broken link {address}")
    for sheet in sorted(site.rglob("*.css")):
        text = sheet.read_text(encoding="utf-8", errors="replace")
        faults += [f"{sheet.relative_to(site)}: loads {url}" for url in _CSS_URL.findall(text)]
    return faults


def _read(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def _is_elsewhere(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme not in ("", "data") or bool(parts.netloc)


def _resolves(address: str, page: Path, pages: dict[Path, _Page], site: Path) -> bool:
    parts = urlsplit(address)
    if parts.scheme == "data":
        return True
    path, fragment = unquote(parts.path), unquote(parts.fragment)
    target = Path(posixpath.normpath(page.parent / path)) if path else page
    if target.is_dir():
        target /= "index.html"
    if not target.is_relative_to(site) or not target.exists():
        return False
    return not fragment or target not in pages or fragment in pages[target].ids
