"""Importing plug-ins: local Python files, and the entry points of installed packages."""

import contextlib
import hashlib
import importlib.util
import sys
import traceback
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Final

from .containment import contained
from .errors import PluginError
from .sources import is_local, source_hash

PREFIX: Final = "_fusefront_plugin_"
"""Start of the module names of local files."""

_siblings: dict[Path, dict[str, ModuleType]] = {}
"""Modules that plug-ins imported from their own folder, by folder and name."""
_loaded: dict[Path, tuple[frozenset[Path], str]] = {}
"""Further files that plug-ins imported while they loaded, and the hash of what was loaded."""


def module_of(path: Path) -> str:
    """Return the name under which a file is imported.

    Stored Pareto sets name plug-in classes by module, so the name is the same in every process.
    """
    return f"{PREFIX}{path.stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:16]}"


def plugin_hash(path: Path | None) -> str:
    """Return the hash of a plug-in's file and of the files that it imports; empty if None.

    See `sources.source_hash`. Files that the plug-in imported while it loaded count in any case.
    """
    if path is None:
        return ""
    also, _ = _loaded.get(path, (frozenset(), ""))
    return source_hash(path, also)


def is_loaded(path: Path) -> bool:
    """Return whether a plug-in is loaded and none of its files has changed since."""
    _, loaded = _loaded.get(path, (frozenset(), ""))
    return module_of(path) in sys.modules and loaded == plugin_hash(path)


def import_file(path: Path, module_name: str) -> None:
    """Import a Python file as a module of this name; it can import files next to it.

    Raises:
        PluginError: If it is not a Python file, or its code raises.
    """
    spec = importlib.util.spec_from_file_location(module_name, path)
    if spec is None or spec.loader is None:
        raise PluginError(
            f"A plug-in must be a Python file ending in .py. Found `{path}`. Rename it."
        )
    if path in _loaded:  # loaded again because a file has changed: perhaps one beside it
        _forget(path.parent)
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        with contained(), beside(path):
            before = set(sys.modules)
            spec.loader.exec_module(module)
            new = [_file(sys.modules[name]) for name in set(sys.modules) - before]
    except (Exception, SystemExit) as error:
        # Otherwise the next attempt would find half-executed modules instead of the error.
        del sys.modules[module_name]
        _forget(path.parent)
        raise PluginError(
            f"`{path}` must import without error. "
            f"Found {type(error).__name__}: {error}{_line_of(error, path)}."
        ) from error
    files = {Path(file) for file in new if file is not None and is_local(file)}
    also = frozenset(file for file in files if file.is_file())  # some packages have only a folder
    _loaded[path] = also, source_hash(path, also)


@contextlib.contextmanager
def beside(path: Path | None) -> Iterator[None]:
    """Let code import the files beside a plug-in, and none beside plug-ins of other folders.

    Two plug-ins in different folders can thus have helper modules of one name. Outside, a name
    stands for the module that was imported first.

    Args:
        path: The plug-in's file; None changes nothing.
    """
    if path is None:
        yield
        return
    folder = str(path.parent)
    hidden = {name: sys.modules.pop(name) for name in list(_strangers(path.parent))}
    before = set(sys.modules)
    sys.modules.update(_siblings.get(path.parent, {}))
    sys.path.insert(0, folder)
    importlib.invalidate_caches()  # a new file must be found
    # Bytecode is compared by whole seconds and size: an edit within a second would go unnoticed.
    writes_no_bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = writes_no_bytecode
        with contextlib.suppress(ValueError):  # the plug-in may have removed it
            sys.path.remove(folder)
        new = {n: m for n, m in sys.modules.items() if n not in before}
        ours = {n: m for n, m in new.items() if _is_below(m, path.parent)}
        _siblings.setdefault(path.parent, {}).update(ours)
        sys.modules.update(hidden)


@contextlib.contextmanager
def isolated_modules() -> Iterator[None]:
    """Forget on exit the plug-ins, and the files beside them, that were imported inside."""
    modules, folders = set(sys.modules), set(_siblings)
    try:
        yield
    finally:
        for folder in set(_siblings) - folders:
            _forget(folder)
        for name in set(sys.modules) - modules:
            if name.startswith(PREFIX):
                del sys.modules[name]


def _forget(folder: Path) -> None:
    for name, module in _siblings.pop(folder, {}).items():
        if sys.modules.get(name) is module:
            del sys.modules[name]


def _strangers(folder: Path) -> Iterator[str]:
    """Yield loaded modules that files of a folder must not get when they import a name."""
    others = {
        id(m) for place, found in _siblings.items() if place != folder for m in found.values()
    }
    names = {entry.stem for entry in folder.iterdir() if entry.suffix == ".py" or entry.is_dir()}
    for name, module in sys.modules.items():
        if id(module) in others:
            yield name
        elif name.partition(".")[0] in names and name != "__main__":
            file = _file(module)
            if is_local(file) and not _is_below(module, folder):
                yield name


def _is_below(module: ModuleType, folder: Path) -> bool:
    file = _file(module)
    if file is None or module.__name__.startswith(PREFIX):
        return False
    return is_local(file) and Path(file).resolve().is_relative_to(folder.resolve())


def _file(module: ModuleType) -> str | None:
    """Return the file of a module, or the folder of a package that has no file."""
    file: str | None = getattr(module, "__file__", None)
    if file is None:
        file = next(iter(getattr(module, "__path__", ())), None)
    return file


def load_entry_point(point: EntryPoint) -> None:
    """Import the module of an entry point, which registers with the decorators.

    Raises:
        PluginError: If it raises; the message names its package.
    """
    try:
        point.load()
    except (Exception, SystemExit) as error:
        package = f" of package `{point.dist.name}`" if point.dist else ""
        raise PluginError(
            f"Entry point `{point.name}` ({point.value}){package} must load. "
            f"Found {type(error).__name__}: {error}. Fix or uninstall that package."
        ) from error


def _line_of(error: BaseException, path: Path) -> str:
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
    return f" at line {lines[-1]}" if lines else ""
