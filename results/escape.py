r"""Names as literal text in every format, since results may come from a stranger.

A display name can hold anything: escape codes for a terminal, a formula for a spreadsheet, a link
for Markdown. Each format has one function, which makes all of its special characters literal.

>>> printable("a\x1b[31m\nb")
'a\\x1b[31m\\nb'
>>> for_markdown("<b>[x](javascript:y)")
'&lt;b&gt;[x]\\(javascript:y)'
>>> for_spreadsheet("=1+1"), for_spreadsheet("-0.5 (0.1)")
("'=1+1", '-0.5 (0.1)')
"""

import re
import unicodedata
from typing import Final

FORMULA_STARTS: Final = "=+-@\t\r"
"""Characters with which spreadsheet programs take a text for a formula."""

_NUMBER: Final = re.compile(
    r"[-+]?(\d[\d.]*(e[-+]?\d+)?|inf|nan)[kM]?( \([-+\d.eknaifM]+\))?( \[\d+ [\da-z ]+\])*"
)
_CONTROLS: Final = frozenset(("Cc", "Cs", "Zl", "Zp"))
"""Categories of Unicode: control characters, surrogates, separators of lines and paragraphs."""
_DIRECTIONS: Final = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
"""Marks that display a text in a different order from the stored one."""
_MARKDOWN: Final = {
    **{character: f"\\{character}" for character in "\\`*|~"},
    "<": "&lt;",
    ">": "&gt;",
}
_LATEX: Final = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "\N{EN DASH}": "--",
    "…": r"\dots{}",
    "±": r"$\pm$",
    "≈": r"$\approx$",
    "†": r"\textdagger{}",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
}


def printable(text: str) -> str:
    r"""Return the text on one line, with escapes such as `\x1b` instead of control characters."""
    return "".join(_visible(character) for character in text)


def printable_lines(text: str) -> str:
    """Return the text with its line breaks, and with escapes instead of control characters."""
    return "\n".join(printable(line) for line in text.split("\n"))


def for_markdown(text: str) -> str:
    """Return the text for a cell or paragraph of Markdown, without markup, HTML and links."""
    entities = re.sub(r"&(?=#?\w+;)", "&amp;", printable(text))
    escaped = "".join(_MARKDOWN.get(character, character) for character in entities)
    return escaped.replace("](", r"]\(")


def for_latex(text: str) -> str:
    r"""Return the text for LaTeX, with its special characters escaped.

    After `\\` and `\midrule`, LaTeX takes a `[` or `*` at the start of a row for an argument.
    """
    escaped = "".join(_LATEX.get(character, character) for character in printable(text))
    return f"{{{escaped[0]}}}{escaped[1:]}" if escaped[:1] in ("[", "*") else escaped


def for_spreadsheet(text: str) -> str:
    """Return a text that no spreadsheet program takes for a formula.

    A text that starts with one of `FORMULA_STARTS` gets an apostrophe before it, except a number
    with its spread and counts.
    """
    if text[:1] and text[0] in FORMULA_STARTS and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def _visible(character: str) -> str:
    if unicodedata.category(character) in _CONTROLS or character in _DIRECTIONS:
        return character.encode("unicode_escape").decode()
    return character
