"""Which Python files a study would import, found without importing any of them.

A study file may come with results that somebody else made. Reading a plug-in executes it, so a
command reads such a study only if its user has named every file of code in it.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ...algorithms import ALGORITHMS
from ...errors import FusefrontError, StudyError
from ...toml_models import read_toml
from .parameters import split_spec
from .study import Study


def code_of(study: Study) -> frozenset[Path]:
    """Return the local files that a study executes: plug-ins, and problem files with a module."""
    # A plug-in that was imported before may be called by its name alone.
    found = [spec.file or ALGORITHMS[spec.name].file for spec in study.algorithms]
    found += [spec.entry.file for spec in study.problems]
    return frozenset(path.resolve() for path in found if path is not None)


def code_named_in(path: Path) -> frozenset[Path]:
    """Return the same files for a study file, without executing any of them.

    Raises:
        StudyError: If the file cannot be read or is not TOML.
    """
    return frozenset(file for text in _texts(read_toml(path)) for file in _code(text, path.parent))


def check_trusted(path: Path, trusted: Iterable[Path], remedy: str) -> None:
    """Check that a study file names only code that the user trusts.

    Args:
        path: The study file. If it does not exist, it names nothing.
        trusted: The files that the user named.
        remedy: How the user can name the others, as a sentence.

    Raises:
        StudyError: If it names another file.
    """
    others = sorted(code_named_in(path) - set(trusted)) if path.exists() else []
    if others:
        raise StudyError(
            f"`{path}` must not name code that this command does not name, since reading it would "
            f"execute that code. Found {', '.join(f'`{other}`' for other in others)}. {remedy}",
            file=path,
        )


def _texts(content: dict[str, Any]) -> Iterator[str]:
    """Yield the algorithms and problems of a study file, even if it is invalid otherwise."""
    for key in ("algorithms", "problems"):
        items = content.get(key)
        for item in items if isinstance(items, list) else []:
            text = item.get("name") if isinstance(item, dict) else item
            if isinstance(text, str):
                yield text


def _code(text: str, folder: Path) -> Iterator[Path]:
    try:
        target, _ = split_spec(text, "An item")
    except FusefrontError:  # the code that reads the study reports this
        return
    file, separator, _ = target.rpartition(":")
    if separator and file.endswith(".py"):
        yield (folder / file).resolve()
    elif target.endswith(".toml"):
        path = (folder / target).resolve()
        if _has_module(path):
            yield path


def _has_module(path: Path) -> bool:
    """Return whether a problem file names a module, which is executed when it is prepared."""
    try:
        return "module" in read_toml(path)
    except StudyError:  # the code that reads the problem reports this
        return False
