"""The package as it is installed: one import name, five folders, a light façade."""

import re
import subprocess
import sys
import tomllib
from importlib import metadata
from importlib.resources import files
from pathlib import Path

import pytest

import fusefront

ROOT = Path(__file__).parents[1]
FOLDERS = ("algorithms", "benchmark", "metrics", "problems", "results")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def outside(program: str, tmp_path: Path) -> "subprocess.CompletedProcess[str]":
    """Run a program from elsewhere, without this repository's root on the path."""
    return subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True
    )


@pytest.mark.parametrize("folder", FOLDERS)
def test_folder_is_in_the_wheel_and_linked_for_editable_installs(folder: str) -> None:
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert folder in wheel["only-include"]
    assert wheel["sources"][folder] == f"fusefront/{folder}"
    link = ROOT / "src" / "fusefront" / folder
    assert link.is_symlink()
    assert link.readlink() == Path("..") / ".." / folder
    assert link.resolve() == ROOT / folder


def test_wheel_holds_nothing_else() -> None:
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    modules = [path.name for path in (ROOT / "src" / "fusefront").glob("*.py")]
    names = (*modules, "py.typed", "testing")
    facade = {f"src/fusefront/{name}" for name in names}
    assert set(wheel["only-include"]) == facade | set(FOLDERS)
    assert set(wheel["sources"]) == {"src/fusefront"} | set(FOLDERS)


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_bare_name_can_be_imported(folder: str, tmp_path: Path) -> None:
    program = f"import importlib.util as u; print(u.find_spec({folder!r}))"
    assert outside(program, tmp_path).stdout.strip() == "None"


def test_version_is_stated_once() -> None:
    assert metadata.version("fusefront") == PROJECT["project"]["version"]
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*", PROJECT["project"]["version"])


def test_package_is_typed() -> None:
    assert (files("fusefront") / "py.typed").is_file()


def test_public_names_are_few_and_all_there() -> None:
    assert 0 < len(fusefront.__all__) <= 26
    assert list(fusefront.__all__) == sorted(set(fusefront.__all__))
    assert all(getattr(fusefront, name) is not None for name in fusefront.__all__)
    assert set(dir(fusefront)) == set(fusefront.__all__)


def test_type_checkers_see_the_public_names() -> None:
    facade = (ROOT / "src" / "fusefront" / "__init__.py").read_text(encoding="utf-8")
    assert set(re.findall(r"import \w+ as (\w+)$", facade, re.MULTILINE)) == set(fusefront.__all__)


def test_other_names_are_refused() -> None:
    with pytest.raises(AttributeError, match="has no attribute `nonsense`"):
        fusefront.nonsense  # noqa: B018 - that it raises is the point


def test_import_is_light(tmp_path: Path) -> None:
    program = "import sys, fusefront; print(*sys.modules)"
    loaded = set(outside(program, tmp_path).stdout.split())
    assert "fusefront" in loaded
    assert not loaded & {"torch", "numpy", "pandas", "pyarrow", "typer", "rich", "transformers"}


@pytest.mark.parametrize("command", [["-m", "fusefront.benchmark"], ["SCRIPT"]])
def test_command_is_there_as_script_and_module(command: list[str], tmp_path: Path) -> None:
    (script,) = metadata.entry_points(group="console_scripts", name="fusefront")
    assert script.value == "fusefront.benchmark.cli:main"
    path = Path(sys.executable).with_name("fusefront")
    start = [str(path)] if command == ["SCRIPT"] else [sys.executable, *command]
    done = subprocess.run([*start, "--version"], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.strip() == metadata.version("fusefront")
