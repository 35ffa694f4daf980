"""Reads docstrings: fenced blocks for Sphinx, descriptions of arguments for generated pages."""

import inspect
import re
from typing import Any, Final

_SECTION: Final = re.compile(r"^(?:Args|Attributes):\n((?:[ ]{4}.*\n?|\n)+)", re.MULTILINE)
_ITEM: Final = re.compile(
    r"^[ ]{4}(\w+)(?: \([^)]*\))?:[ ]*(.*(?:\n[ ]{5,}.*|\n(?=\n[ ]{5,}))*)", re.M
)


def convert_fences(
    app: object, what: str, name: str, thing: object, options: object, lines: list[str]
) -> None:
    """Turn Markdown fences of a docstring into reStructuredText, in place."""
    converted, inside = [], False
    for line in lines:
        fence = re.match(r"\s*```(\w*)", line)
        if fence and not inside:
            indent = line[: len(line) - len(line.lstrip())]
            converted += ["", f"{indent}.. code-block:: {fence[1] or 'text'}", ""]
            inside = True
        elif fence:
            converted.append("")
            inside = False
        else:
            converted.append(f"    {line}" if inside else _escape_bars(line))
    lines[:] = converted


def _escape_bars(line: str) -> str:
    """Return a line in which `|x|`, an absolute value, is no substitution."""
    pieces: list[Any] = re.split(r"(`[^`]*`)", line)
    return "".join(p if p.startswith("`") else p.replace("|", r"\|") for p in pieces)


def described(thing: object) -> dict[str, str]:
    """Return the description of each argument or attribute, own docstring first.

    >>> class Base:
    ...     '''A base.
    ...
    ...     Attributes:
    ...         steps: Updates of
    ...             the fit.
    ...     '''
    >>> described(type("Leaf", (Base,), {"__doc__": "A leaf."}))
    {'steps': 'Updates of the fit.'}
    """
    found: dict[str, str] = {}
    for owner in thing.__mro__ if isinstance(thing, type) else (thing,):
        for section in _SECTION.finditer(inspect.cleandoc(owner.__doc__ or "") + "\n"):
            for item in _ITEM.finditer(section[1]):
                found.setdefault(item[1], " ".join(item[2].split()))
    return found


def as_markdown(text: str) -> str:
    r"""Return a docstring as Markdown: text in angle brackets is no HTML, and doctests are code.

    >>> as_markdown("A `<task>` of <task>.")
    'A `<task>` of \\<task>.'
    """
    blocks = []
    for block in re.split(r"\n{2,}", text.strip()):
        title, _, body = block.partition(":\n    ")
        if block.lstrip().startswith(">>>"):
            blocks.append(f"```pycon\n{block}\n```")
        elif title in ("Args", "Attributes", "Raises", "Returns"):
            items = re.split(r"\n {4}(?! )", body)
            blocks.append("\n".join([f"{title}:", "", *(f"- {_escape(item)}" for item in items)]))
        else:
            blocks.append(_escape(block))
    return "\n\n".join(blocks)


def without_arguments(text: str) -> str:
    """Return a docstring without its `Args` and `Attributes`, which tables show."""
    return _SECTION.sub("", inspect.cleandoc(text) + "\n").strip()


def _escape(text: str) -> str:
    pieces: list[Any] = re.split(r"(`[^`]*`)", text)
    return "".join(p if p.startswith("`") else re.sub(r"([<$])", r"\\\1", p) for p in pieces)
