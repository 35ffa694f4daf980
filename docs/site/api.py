"""Generated pages of the API: the public surface, documented from docstrings."""

import ast
import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Final

import fusefront

_INHERITED: Final = ":members:\n   :show-inheritance:"
_MODULES: Final = {
    "errors": (
        "Errors",
        "Every error that fusefront raises on purpose is a `fusefront.FusefrontError`, and "
        "also the builtin exception that a caller would catch.",
        ("fusefront.errors",),
    ),
    "registry": (
        "Registries",
        "`fusefront.ALGORITHMS`, `fusefront.PROBLEMS`, `fusefront.METRICS` and `fusefront.SUITES` "
        "are registries. The [catalogue](../catalogue/algorithms.md) has a page for each entry.",
        ("fusefront.registry",),
    ),
    "testing": (
        "Testing",
        "Contracts that plug-ins inherit in their own tests. They need pytest.",
        (
            "fusefront.testing",
            "fusefront.testing.algorithm_contract",
            "fusefront.testing.problem_contract",
            "fusefront.testing.metric_contract",
        ),
    ),
}
_PYTHON_BLOCK: Final = re.compile(r"^```python[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)


def write_api(pages: Path, sources: list[Path]) -> None:
    """Write the pages below `pages/api`; `sources` are the guides whose imports are documented."""
    folder = pages / "api"
    folder.mkdir(parents=True)
    texts = {
        "fusefront": _public_names(),
        "guides": _used_in_guides(sources),
        **{name: _modules(*parts) for name, parts in _MODULES.items()},
    }
    for name, text in texts.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    listed = "\n".join(texts)
    index = (
        "# API reference\n\nNames in `fusefront` are stable: a renamed one keeps its old name as "
        "an alias with a `DeprecationWarning`. Other modules may change in any minor version.\n\n"
        f"```{{toctree}}\n:maxdepth: 2\n\n{listed}\n```\n"
    )
    (folder / "index.md").write_text(index, encoding="utf-8")


def _public_names() -> str:
    lines = [
        "# fusefront",
        "",
        "`import fusefront` imports nothing heavy: a name is loaded at its first use.",
        "",
    ]
    registries = [n for n in fusefront.__all__ if n.isupper()]
    links = ", ".join(f"`fusefront.{name}`" for name in registries)
    lines += [f"The registries {links} are described [here](registry.md).", ""]
    elsewhere = {module for *_, modules in _MODULES.values() for module in modules}
    for name in fusefront.__all__:
        thing = getattr(fusefront, name)
        if name not in registries and thing.__module__ not in elsewhere:
            lines += [f"## {name}", "", _directive(f"fusefront.{name}", thing), ""]
    return "\n".join(lines)


def _modules(title: str, introduction: str, names: tuple[str, ...]) -> str:
    lines = [f"# {title}", "", introduction, ""]
    for name in names:
        if len(names) > 1:
            lines += [f"## `{name}`", ""]
        module = import_module(name)
        lines += [inspect.getdoc(module) or "", ""] if len(names) > 1 else []
        for member in _members(module):
            lines += [_directive(f"{name}.{member}", getattr(module, member)), ""]
    return "\n".join(lines)


def _members(module: ModuleType) -> Iterator[str]:
    """Yield the public classes and functions that a module defines, in its order."""
    for name, thing in vars(module).items():
        own = getattr(thing, "__module__", None) == module.__name__
        if (
            own
            and not name.startswith("_")
            and (inspect.isclass(thing) or inspect.isfunction(thing))
        ):
            yield name


def _used_in_guides(sources: list[Path]) -> str:
    """Return a page on what the guides' Python blocks import from modules of fusefront."""
    found: dict[str, set[str]] = {}
    for source in sources:
        for block in _PYTHON_BLOCK.findall(source.read_text(encoding="utf-8")):
            for node in ast.walk(ast.parse(block)):
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
                    "fusefront."
                ):
                    found.setdefault(node.module or "", set()).update(a.name for a in node.names)
    lines = [
        "# Other functions",
        "",
        "Functions and classes of inner modules that the guides use.",
        "",
    ]
    for module, names in sorted(found.items()):
        if module in {name for _, _, several in _MODULES.values() for name in several}:
            continue
        things = {name: _found(module, name) for name in sorted(names)}
        if any(thing is not None for thing in things.values()):
            lines += [f"## `{module}`", ""]
        for name, thing in things.items():
            if thing is not None and getattr(fusefront, name, None) is not thing:
                lines += [_directive(f"{module}.{name}", thing), ""]
    return "\n".join(lines)


def _found(module: str, name: str) -> object:
    """Return what a guide imports, or None if it does not exist: the test of its block says so."""
    try:
        return getattr(import_module(module), name, None)
    except ModuleNotFoundError:
        return None


def _directive(name: str, thing: object) -> str:
    if inspect.isclass(thing):
        kind, options = "autoclass", f"\n   {_INHERITED}"
    else:
        kind, options = "autofunction" if callable(thing) else "autodata", ""
    return f"```{{eval-rst}}\n.. {kind}:: {name}{options}\n```"
