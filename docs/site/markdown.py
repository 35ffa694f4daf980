"""Reads and rewrites the links of Markdown pages."""

import posixpath
import re
from collections.abc import Callable, Iterator
from pathlib import Path

_FENCE = re.compile(r"^(`{3,}|~{3,}).*?^\1[ ]*$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
_LINK = re.compile(r"(?<=\]\()(?P<target>[^()\s]+)(?=(?:\s+\"[^\"]*\")?\))")
_HEADING = re.compile(r"^#{1,6}\s+(?P<text>.+?)\s*#*$", re.MULTILINE)
_EXPLICIT = re.compile(r"<a (?:id|name)=\"([^\"]+)\"|^\(([\w-]+)\)=$", re.MULTILINE)
_EXTERNAL = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def without_code(text: str) -> str:
    """Return the text with fenced blocks and code spans blanked out, at unchanged offsets."""

    def blank(match: "re.Match[str]") -> str:
        return re.sub(r"[^\n]", " ", match[0])

    return _CODE.sub(blank, _FENCE.sub(blank, text))


def links(text: str) -> Iterator[str]:
    """Yield the targets of all links and images outside of code."""
    for match in _LINK.finditer(without_code(text)):
        yield match["target"]


def is_external(target: str) -> bool:
    """Return whether a link leaves the repository: it has a scheme such as `https:`."""
    return _EXTERNAL.match(target) is not None


def anchors(text: str) -> set[str]:
    r"""Return the fragments that links can name: slugs of headings, as GitHub makes them.

    >>> sorted(anchors("# A `b` & c\n## A"))
    ['a', 'a-b--c']
    """
    found: set[str] = set()
    plain = _FENCE.sub("", text)
    for heading in _HEADING.finditer(plain):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading["text"])
        slug = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
        count = 0
        while (numbered := f"{slug}-{count}" if count else slug) in found:
            count += 1
        found.add(numbered)
    found |= {first or second for first, second in _EXPLICIT.findall(plain)}
    return found


def relink(text: str, rewrite: Callable[[str], str]) -> str:
    """Return the text with every internal link replaced by what `rewrite` makes of it."""
    pieces, end = [], 0
    for match in _LINK.finditer(without_code(text)):
        if not is_external(match["target"]):
            pieces += [text[end : match.start()], rewrite(match["target"])]
            end = match.end()
    return "".join([*pieces, text[end:]])


def broken_links(page: Path, root: Path) -> list[str]:
    """Return the internal links of a page whose file, folder or anchor does not exist.

    Args:
        page: A Markdown file.
        root: Root of the repository, which no link may leave.
    """
    text = page.read_text(encoding="utf-8")
    broken = []
    for target in links(text):
        if is_external(target):
            continue
        path, _, fragment = target.partition("#")
        file = Path(posixpath.normpath(page.parent / path)) if path else page
        if (
            not file.is_relative_to(root)
            or not file.exists()
            or (
                fragment
                and file.suffix == ".md"
                and fragment not in anchors(file.read_text(encoding="utf-8"))
            )
        ):
            broken.append(target)
    return broken
