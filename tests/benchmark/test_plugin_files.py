"""Files that a plug-in imports: they are found beside it, kept apart, and part of its identity."""

import hashlib
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest
from tests.benchmark.conftest import Command

from fusefront import load as fusefront_load
from fusefront.algorithms import ALGORITHMS
from fusefront.plugins import beside, module_of, plugin_hash
from fusefront.registry import Registry
from fusefront.sources import imported_files, source_hash

HEAD = """\
from tests_things import THINGS
{imports}
@THINGS.register("{name}")
class Mine:
    value = {value}
"""


@pytest.fixture
def things(monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry[type]]:
    module = type(sys)("tests_things")
    registry: Registry[type] = Registry("thing", {})
    module.THINGS = registry  # type: ignore[attr-defined] # made here
    monkeypatch.setitem(sys.modules, "tests_things", module)
    with registry.isolated():
        yield registry


def write(folder: Path, **files: str) -> Path:
    """Write `a__b="x"` as `a/b.py`; return the path of `mine.py`."""
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))
    return folder / "mine.py"


def mine(imports: str, value: str, name: str = "mine") -> str:
    return HEAD.format(imports=imports, value=value, name=name)


def value(registry: Registry[type], path: Path) -> object:
    return registry.load_file(path, "Mine").load().value  # type: ignore[attr-defined] # of HEAD


@pytest.mark.parametrize(
    ("imports", "used"),
    [
        ("import helper", "helper.SCALE"),
        ("from helper import SCALE", "SCALE"),
        ("import package.deep", "package.deep.SCALE"),
        ("from package import deep", "deep.SCALE"),
        ("from package.outer import SCALE", "SCALE"),
        ("import importlib\nhelper = importlib.import_module('helper')", "helper.SCALE"),
    ],
)
def test_editing_any_imported_file_changes_hash_and_value(
    things: Registry[type], tmp_path: Path, imports: str, used: str
) -> None:
    path = write(
        tmp_path,
        mine=mine(imports, used),
        helper="SCALE = 1",
        package__deep="SCALE = 1",
        package__outer="from .deep import SCALE",
        unrelated="SCALE = 1",
    )
    assert value(things, path) == 1
    before = plugin_hash(path)
    write(tmp_path, unrelated="SCALE = 22")
    assert plugin_hash(path) == before
    write(tmp_path, helper="SCALE = 33", package__deep="SCALE = 33")
    assert plugin_hash(path) != before
    assert value(things, path) == 33  # in this process too: the id must be that of the code
    assert str(tmp_path) not in sys.path


def test_hash_of_a_file_without_helpers_is_that_of_its_content(tmp_path: Path) -> None:
    path = write(tmp_path, mine="import json\nimport numpy.linalg\nfrom fusefront import Problem\n")
    expected = hashlib.sha256(path.read_bytes()).hexdigest()
    assert source_hash(path) == plugin_hash(path) == expected


def test_hash_does_not_depend_on_the_folder_or_on_earlier_imports(
    things: Registry[type], tmp_path: Path
) -> None:
    files = {"mine": mine("from a.b import SCALE", "SCALE"), "a__b": "SCALE = 1"}
    first, second = (write(tmp_path / name, **files) for name in "ab")
    unloaded = plugin_hash(first)
    value(things, first)
    assert plugin_hash(first) == plugin_hash(second) == unloaded


def test_equally_named_helpers_of_two_folders_are_two_modules(
    things: Registry[type], tmp_path: Path
) -> None:
    lazy = "import helper\ndef later():\n    import helper\n    return helper.SCALE\n"
    one, two = (
        write(tmp_path / name, mine=mine(lazy, "helper.SCALE", name), helper=f"SCALE = '{name}'")
        for name in ("one", "two")
    )
    assert (value(things, one), value(things, two)) == ("one", "two")
    for path, expected in ((two, "two"), (one, "one"), (two, "two")):
        with beside(path):  # as around a fit
            assert sys.modules[module_of(path)].later() == expected
    assert importlib.import_module("helper").SCALE == "one"  # the first one, also for pickles


def test_helper_of_another_folder_is_not_found(things: Registry[type], tmp_path: Path) -> None:
    one = write(tmp_path / "one", mine=mine("import helper", "1"), helper="")
    two = write(tmp_path / "two", mine=mine("import helper", "1", "two"))
    value(things, one)
    with pytest.raises(Exception, match="No module named 'helper'"):
        value(things, two)


def test_helper_that_two_plug_ins_share_belongs_to_both(
    things: Registry[type], tmp_path: Path
) -> None:
    write(tmp_path, helper="SCALE = 1", mine=mine("from helper import SCALE", "SCALE"))
    write(tmp_path, other=mine("from helper import SCALE", "SCALE", "other"))
    value(things, tmp_path / "mine.py")
    value(things, tmp_path / "other.py")
    assert imported_files(tmp_path / "other.py") == {"helper": tmp_path / "helper.py"}


def test_helper_is_read_again_after_the_plug_in_failed(
    things: Registry[type], tmp_path: Path
) -> None:
    path = write(tmp_path, helper="SCALE = 1", mine=mine("import helper\n1 / 0", "helper.SCALE"))
    with pytest.raises(Exception, match="division by zero"):
        value(things, path)
    write(tmp_path, helper="SCALE = 22", mine=mine("import helper", "helper.SCALE"))
    assert value(things, path) == 22


def test_folder_cannot_hide_an_installed_package(things: Registry[type], tmp_path: Path) -> None:
    path = write(tmp_path, mine=mine("import numpy", "numpy.pi > 3"), numpy="pi = 0")
    assert value(things, path) is True


SOUP = """\
from dataclasses import dataclass

import helper
from fusefront import ALGORITHMS, Algorithm, Coefficients, MapSet


@ALGORITHMS.register("helped-soup")
@dataclass(frozen=True, kw_only=True)
class HelpedSoup(Algorithm):
    def fit(self, view, *, generator):
        import late

        scale = helper.SCALE * late.SCALE
        return MapSet(experts=view.experts, function=lambda p: Coefficients(values=scale * p))
"""


@pytest.mark.parametrize("executor", ["local", "inline"])
def test_run_is_computed_again_after_a_helper_was_edited(
    tmp_path: Path, executor: str, fusefront: Command
) -> None:
    """An import at the top, and one that the fit itself executes."""
    path = write(tmp_path, mine=SOUP, helper="SCALE = 1.0", late="SCALE = 1.0")
    command = ("run", "-p", "analytic-quadratic", "-a", f"{path}:HelpedSoup", "--seeds", 1)

    def coefficients() -> tuple[str, float]:
        outcome = fusefront(*command, "-o", tmp_path / "runs", "--executor", executor)
        assert outcome.status == 0, outcome.err
        points = fusefront_load(tmp_path / "runs").points
        return outcome.err + outcome.out, max(points["coefficients"].iloc[0])

    with ALGORITHMS.isolated():
        assert coefficients()[1] == pytest.approx(1.0)
        assert "cached" in coefficients()[0]
        for name in ("helper", "late"):
            write(tmp_path, **{name: "SCALE = 0.5"})
            told, found = coefficients()
            assert "or a file that it imports, changed" in told
            assert found == pytest.approx({"helper": 0.5, "late": 0.25}[name])
