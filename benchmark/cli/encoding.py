"""Output to terminals and files whose encoding lacks some of the characters that are printed."""

import codecs
import io
from typing import Final, TextIO

_ERRORS: Final = "fusefront.nearest"
_NEAREST: Final = {
    "\N{EN DASH}": "-",
    "\N{EM DASH}": "-",
    "…": "...",
    "±": "+-",
    "≈": "~",
    "†": "!",
    "×": "x",  # noqa: RUF001 - the character itself
    "↑": "^",
    "↓": "v",
    "→": "->",
    "─": "-",
    "━": "-",
    "│": "|",
    "├": "|",
    "└": "`",
    "·": ".",
}


def make_printable(stream: TextIO) -> None:
    """Let a stream print every character: as the nearest one of its encoding, or as an escape.

    Otherwise a study would end in a traceback after everything was computed, where the locale is
    `C` or a file is opened as `latin-1`.
    """
    if isinstance(stream, io.TextIOWrapper):
        codecs.register_error(_ERRORS, _nearest)
        stream.reconfigure(errors=_ERRORS)


def _nearest(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    characters = error.object[error.start : error.end]
    return "".join(_NEAREST.get(c) or _escape(c) for c in characters), error.end


def _escape(character: str) -> str:
    return character.encode("ascii", "backslashreplace").decode()
