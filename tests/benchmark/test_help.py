"""Every command has examples in its help, and every example works."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
from tests.benchmark.conftest import Command, Outcome, run_command

from fusefront.algorithms import ALGORITHMS
from fusefront.benchmark.cli import load_app

ROOT = "fusefront"
FIRST = (
    f"{ROOT} run smoke -o runs/smoke",
    f"{ROOT} new algorithm my-merge -o plugins",
    f"{ROOT} data pack runs/smoke -o smoke.zip",
)
"""Examples that create what examples earlier in the help use."""


def commands(group: object, path: str) -> Iterator[tuple[str, str]]:
    """The path and the help of a command and of all commands below it."""
    yield path, getattr(group, "help", None) or ""
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, f"{path} {name}")


def examples(text: str) -> list[str]:
    """The commands of the list under `Examples:`."""
    _, _, rest = text.partition("Examples:\n")
    return re.findall(r"^- `(.+)`$", rest, re.MULTILINE)


HELP = dict(commands(typer.main.get_command(load_app()), ROOT))
GROUPS = (f"{ROOT} data",)
"""Groups only list their commands."""


@pytest.mark.parametrize("path", [path for path in HELP if path not in GROUPS])
def test_help_has_a_summary_and_ends_with_examples(path: str) -> None:
    paragraphs = HELP[path].strip().split("\n\n")
    assert paragraphs[0].endswith(".")
    assert paragraphs[0].count(". ") == 0, "one sentence"
    title, *lines = paragraphs[-1].splitlines()
    assert title == "Examples:"
    assert len(lines) == len(examples(HELP[path])) > 0
    if path != ROOT:
        assert all(
            example.startswith(f"{path} ") or example == path for example in examples(HELP[path])
        )


@pytest.mark.parametrize("path", list(HELP))
def test_printed_help_has_one_line_per_example(fusefront: Command, path: str) -> None:
    result = fusefront(*path.split()[1:], "--help")
    assert (result.status, result.err) == (0, "")
    assert "\x1b" not in result.out
    printed = re.sub(r"\s+", " ", result.out)
    assert all(example in printed for example in examples(HELP[path]))


def execute(example: str) -> Outcome:
    """Run one example in the working directory."""
    _, *arguments = shlex.split(example)
    if arguments[0] != "check":
        return run_command(*arguments)
    # `check` runs pytest, which does not run inside pytest.
    command = [sys.executable, "-m", "fusefront.benchmark", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return Outcome(done.returncode, done.stdout, done.stderr)


@pytest.mark.slow
def test_every_example_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs all examples in one empty directory, without a cache or a home with files in it."""
    home, work = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("HOME", str(home))
    for name in ("FUSEFRONT_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(ALGORITHMS, "_entries", dict(ALGORITHMS._entries))
    # The numbers of a user, which no command makes.
    own = "problem,algorithm,value\np,my method,0.3\np,another,0.4\n"
    (work / "scores.csv").write_text(own, encoding="utf-8")
    found = dict.fromkeys(example for text in HELP.values() for example in examples(text))
    assert found.keys() >= set(FIRST)
    for example in dict.fromkeys((*FIRST, *found)):
        result = execute(example)
        assert result.status == 0, f"{example}\n{result.out}\n{result.err}"
    assert (work / "heat-map.pdf").is_file()
    assert (work / "smoke.xlsx").is_file()
