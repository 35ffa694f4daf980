"""The source files behind a Python file: itself, and what it imports that is not installed."""

import ast
import hashlib
import importlib.util
import json
import os
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import Final

_PACKAGE: Final = __name__.partition(".")[0]
_SITES: Final = {"site-packages", "dist-packages"}

_Stamps = tuple[tuple[Path, int, int], ...]
_known: dict[tuple[Path, frozenset[Path]], tuple[_Stamps, str]] = {}


def source_hash(path: Path, also: Iterable[Path] = ()) -> str:
    """Return the SHA-256 of a Python file, and of all files that it imports and that can change.

    Installed packages, the standard library and fusefront itself are left out. The statements are
    read rather than executed, so that the hash does not depend on what this process has imported.
    A file without such imports has the hash of its content alone.

    Args:
        path: The Python file. It can import files next to it.
        also: Further files, imported in ways that no statement shows.
    """
    key = (path, frozenset(also))
    stamps, found = _known.get(key, ((), ""))
    if not stamps or stamps != _stamps(file for file, *_ in stamps):
        files = imported_files(path, key[1])
        stamps, found = _stamps([path, *files.values()]), _digest(path, files)
        _known[key] = (stamps, found)
    return found


def imported_files(path: Path, also: Iterable[Path] = ()) -> dict[str, Path]:
    """Return the files that a Python file imports and that are not installed, by module name.

    Those of `also` that no statement imports have their path instead of a name.
    """
    importlib.invalidate_caches()  # new files must be found
    found: dict[str, Path] = {}
    seen = {path.resolve()}
    # The last one is taken first: a file has the same name here, whether it was imported or not.
    waiting = [*((os.path.relpath(file, path.parent), file) for file in sorted(also)), ("", path)]
    while waiting:
        name, file = waiting.pop()
        if name and file.resolve() in seen:
            continue
        seen.add(file.resolve())
        if name:
            found[name] = file
        if file.suffix == ".py":
            waiting += _imports(name, file, path.parent)
    return found


def is_local(file: str | Path | None) -> bool:
    """Return whether a module's file belongs to the user: neither installed nor of fusefront."""
    if file is None or _SITES & set(Path(file).parts):
        return False
    resolved = Path(file).resolve()
    return not any(resolved.is_relative_to(root) for root in _installed())


@cache
def _installed() -> tuple[Path, ...]:
    paths = sysconfig.get_paths()
    roots = {Path(paths[k]) for k in ("stdlib", "platstdlib", "purelib", "platlib")}
    package = Path(__file__).parent
    return tuple(root.resolve() for root in (*roots, package, *package.iterdir()) if root.is_dir())


def _imports(name: str, file: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the local modules that the statements of a file import."""
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    try:
        tree = ast.parse(file.read_bytes())
    except SyntaxError:
        return  # importing the file reports it
    for target in sorted(_targets(tree, package)):
        yield from _local_modules(target, folder)


def _targets(tree: ast.AST, package: str) -> set[str]:
    """Return the dotted names that may be modules; `from a import b` gives `a.b`."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")[: 1 - node.level or None]
                base = ".".join(part for part in (*parents, base) if part)
            found |= {f"{base}.{alias.name}".strip(".") for alias in node.names}
    return found


def _local_modules(target: str, folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield every local module on the way to a dotted name, without importing any."""
    parts = target.split(".")
    if parts[0] == _PACKAGE:
        return
    name, spec = "", None
    for part in parts:
        name = f"{name}.{part}".strip(".")
        spec = _spec(name, spec, folder)
        if spec is None:
            return
        if spec.has_location and spec.origin is not None:
            if not is_local(spec.origin):
                return
            yield name, Path(spec.origin)


def _spec(name: str, parent: ModuleSpec | None, folder: Path) -> ModuleSpec | None:
    if parent is not None:
        places = parent.submodule_search_locations
        return None if places is None else PathFinder.find_spec(name, list(places))
    if name in sys.builtin_module_names:
        return None
    found = PathFinder.find_spec(name, [str(folder), *sys.path])
    if found is not None:
        return found
    try:
        return importlib.util.find_spec(name)  # editable installations have finders of their own
    except ValueError:
        return None  # a module that was made by hand


def _stamps(files: Iterable[Path]) -> _Stamps:
    """Return what changes when a file is edited; empty if one of them is gone."""
    try:
        return tuple((f, s.st_size, s.st_mtime_ns) for f in files if (s := f.stat()))
    except FileNotFoundError:
        return ()


def _digest(path: Path, files: dict[str, Path]) -> str:
    def sha256(file: Path) -> str:
        return hashlib.sha256(file.read_bytes()).hexdigest()

    if not files:
        return sha256(path)
    content = [sha256(path), *([name, sha256(files[name])] for name in sorted(files))]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()
