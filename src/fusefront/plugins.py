"""Importing plug-ins: local Python files, and the entry points of installed packages."""

import hashlib
import importlib.util
import sys
import traceback
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Final

from .errors import PluginError

PREFIX: Final = "_fusefront_plugin_"
"""Start of the module names of local files."""


def module_of(path: Path) -> str:
    """Return the name under which a file is imported.

    Stored Pareto sets name plug-in classes by module, so the name is the same in every process.
    """
    return f"{PREFIX}{path.stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:16]}"


def import_file(path: Path, module_name: str) -> None:
    """Import a Python file as a module of this name.

    Raises:
        PluginError: If it is not a Python file, or its code raises.
    """
    spec = importlib.util.spec_from_file_location(module_name, path)
    if spec is None or spec.loader is None:
        raise PluginError(
            f"A plug-in must be a Python file ending in .py. Found `{path}`. Rename it."
        )
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        # Otherwise the next attempt would find the half-executed module instead of the error.
        del sys.modules[module_name]
        raise PluginError(
            f"`{path}` must import without error. "
            f"Found {type(error).__name__}: {error}{_line_of(error, path)}."
        ) from error


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
