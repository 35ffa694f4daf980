"""No module of a lower floor imports one of a higher floor, not even inside a function."""

import ast
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "fusefront"

FLOORS = (
    ("errors", "deprecation", "plugins"),
    ("registry", "toml_models"),
    ("metrics",),
    ("results",),
    ("problems",),
    ("algorithms",),
    ("benchmark.study",),
    ("benchmark.score", "benchmark.history", "benchmark.tune"),
    ("benchmark.run",),
    ("benchmark.api", "benchmark.dry_run", "benchmark.merge_split"),
    ("benchmark.cli",),
    ("benchmark.__main__",),
)
"""From the ground up, as docs/architecture.md draws them."""


def modules() -> Iterator[tuple[str, Path]]:
    """Yield the dotted name and the file of every module that belongs to a floor."""
    files = (
        Path(folder, name)
        for folder, _, names in os.walk(SOURCE, followlinks=True)  # the five folders are links
        for name in names
        if name.endswith(".py")
    )
    for path in sorted(files):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if floor_of(name) is not None:
            yield name, path


def floor_of(module: str) -> int | None:
    """Return the floor of a module; None for the façade and for `testing`, which see all."""
    for height, names in enumerate(FLOORS):
        if any(module == name or module.startswith(f"{name}.") for name in names):
            return height
    return None


def imports(name: str, path: Path) -> Iterator[str]:
    """Yield the modules of this package that a module imports when it runs."""
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(without_type_checking(tree)):
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        base = package[: len(package) - node.level + 1]
        target = ".".join([*base, *([node.module] if node.module else [])])
        yield target
        yield from (f"{target}.{alias.name}" for alias in node.names)


def without_type_checking(tree: ast.Module) -> ast.Module:
    class Remove(ast.NodeTransformer):
        def visit_If(self, node: ast.If) -> ast.AST | None:
            is_guard = isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
            return None if is_guard else self.generic_visit(node)

    found: ast.Module = Remove().visit(tree)
    return found


MODULES = dict(modules())


def test_every_module_has_a_floor() -> None:
    folders = {name.partition(".")[0] for name in MODULES}
    assert folders >= {"metrics", "results", "problems", "algorithms", "benchmark"}
    assert len(MODULES) > 200


@pytest.mark.parametrize("height", range(len(FLOORS)), ids=[" ".join(names) for names in FLOORS])
def test_no_module_imports_a_higher_floor(height: int) -> None:
    upward = [
        f"{name} imports {target}"
        for name, path in MODULES.items()
        if floor_of(name) == height
        for target in imports(name, path)
        if (found := floor_of(target)) is not None and found > height
    ]
    assert not upward
