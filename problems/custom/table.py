"""Strict reading of a TOML table: every key known, every value of its type."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn, final

from ...errors import StudyError
from ...registry import unknown_name


def read_toml(path: Path) -> "Table":
    """The top table of a file.

    Raises:
        StudyError: If there is no such file, or it is not TOML.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise StudyError(f"`{path}` must be a TOML file. Found {error}.") from error
    return Table(path, "", content)


@final
class Table:
    """A table of a file; `place` is its key path, empty for the top.

    Raises:
        StudyError: From every method, with file, key path, what must hold and what was found.
    """

    def __init__(self, path: Path, place: str, content: dict[str, Any]) -> None:
        self.path = path
        self._place = place
        self._content = content

    def __contains__(self, key: str) -> bool:
        return key in self._content

    def only(self, keys: Sequence[str]) -> None:
        """Refuse keys that are not among `keys`."""
        for key in self._content:
            if key not in keys:
                self._fail(key, str(unknown_name("a key", key, list(keys))))

    def is_text(self, key: str) -> bool:
        """Whether the value is a text, not a list."""
        return isinstance(self._content.get(key), str)

    def text(self, key: str, default: str | None = None) -> str:
        """A text that is not empty."""
        found = self._content.get(key, default)
        if not isinstance(found, str) or not found:
            self._wrong(key, "a text", found)
        return found

    def optional(self, key: str) -> str | None:
        """A text, or None where the key is absent."""
        return self.text(key) if key in self else None

    def choice(self, key: str, known: Sequence[str], default: str) -> str:
        """One of some texts."""
        found = self.text(key, default)
        if found not in known:
            self._wrong(key, f"one of {', '.join(known)}", found)
        return found

    def texts(self, key: str, default: Sequence[str] | None = None) -> tuple[str, ...]:
        """A list of different texts."""
        found = self._content.get(key, default)
        if not isinstance(found, list | tuple) or not all(isinstance(t, str) and t for t in found):
            self._wrong(key, "a list of texts", found)
        if len(set(found)) < len(found):
            self._wrong(key, "a list of different texts", found)
        return tuple(found)

    def integer(self, key: str, default: int, *, least: int) -> int:
        """An integer, `least` or more."""
        found = self._content.get(key, default)
        if not isinstance(found, int) or isinstance(found, bool) or found < least:
            self._wrong(key, f"an integer, {least} or more", found)
        return found

    def fractions(self, key: str, default: tuple[float, ...]) -> tuple[float, ...]:
        """As many positive numbers as the default has, 1 together."""
        found = self._content.get(key, default)
        numbers = isinstance(found, list | tuple) and all(
            isinstance(n, int | float) and not isinstance(n, bool) and n > 0 for n in found
        )
        if not numbers or len(found) != len(default) or abs(sum(found) - 1) > 1e-9:
            self._wrong(key, f"{len(default)} positive numbers that sum to 1", found)
        return tuple(float(n) for n in found)

    def table(self, key: str) -> "Table":
        """A table inside."""
        found = self._content.get(key)
        if not isinstance(found, dict):
            self._wrong(key, "a table", found)
        return Table(self.path, self._at(key), found)

    def tables(self, key: str, *, least: int) -> list["Table"]:
        """A list of tables, such as `[[tasks]]`."""
        found = self._content.get(key, [])
        if not isinstance(found, list) or not all(isinstance(t, dict) for t in found):
            self._wrong(key, "a list of tables", found)
        if len(found) < least:
            self._fail(key, f"must be {least} or more tables `[[{key}]]`. Found {len(found)}.")
        return [Table(self.path, f"{self._at(key)}[{i}]", t) for i, t in enumerate(found)]

    def refuse(self, key: str, message: str) -> NoReturn:
        """Say what must hold of a key that was read."""
        self._fail(key, message)

    def _wrong(self, key: str, kind: str, found: object) -> NoReturn:
        shown = "none" if found is None else f"{found!r}"
        self._fail(key, f"must be {kind}. Found {shown}.")

    def _fail(self, key: str, message: str) -> NoReturn:
        raise StudyError(f"In `{self.path}`, `{self._at(key)}` {message}")

    def _at(self, key: str) -> str:
        return f"{self._place}.{key}" if self._place else key
