"""Received results run no code: only files that the user names are imported."""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.benchmark.conftest import Command

import fusefront as ff
from fusefront.algorithms import ALGORITHMS
from fusefront.benchmark.study.study import Study
from fusefront.benchmark.study.trust import code_named_in
from fusefront.errors import StudyError

STUDY = Study.of(
    problems=["analytic-quadratic"], algorithms=["experts", "map"], seeds=1, budget=100
)
ATTACK = '''\
"""Registers nothing, and leaves a mark where it is imported."""

from pathlib import Path

(Path(__file__).parent / "executed").touch()
'''
PLUGIN = """\
@ALGORITHMS.register("mine")
@dataclass(frozen=True, kw_only=True)
class Mine(Algorithm):
    def fit(self, view, *, generator):
        return zeros(view)
"""
NAMED = {
    "algorithm": ("algorithms", '"./attack.py:Attack"'),
    "algorithm of a table": ("algorithms", '{name = "./attack.py:Attack[steps=1]"}'),
    "problem": ("problems", '"./attack.py:attack"'),
}


@pytest.fixture(params=NAMED)
def received(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A run directory whose study names a file of code beside it."""
    ff.run(STUDY, tmp_path / "received")
    path = tmp_path / "received" / "study.toml"
    key, item = NAMED[request.param]
    text = path.read_text(encoding="utf-8")
    _, _, not_held_out = text.partition("\n")
    path.write_text(not_held_out.replace(f"{key} = [", f"{key} = [\n    {item},"), encoding="utf-8")
    assert len(tomllib.loads(path.read_text(encoding="utf-8"))[key]) > 1
    (path.parent / "attack.py").write_text(ATTACK, encoding="utf-8")
    return path.parent


def test_no_command_on_received_results_executes_their_code(
    received: Path, tmp_path: Path, fusefront: Command
) -> None:
    read = [("table", received), ("summary", received), ("status", received), ("verify", received)]
    made = [
        ("merge", received, "-o", tmp_path / "merged"),
        ("split", received, "-a", "map", "-o", tmp_path / "few"),
        ("export", received, "-o", tmp_path / "tables"),
        ("data", "pack", received, "-o", tmp_path / "packed.zip"),
    ]
    for command in read + made:
        assert fusefront(*command).status == 0, command
    study = ("-p", "analytic-quadratic", "-a", "map", "--seeds", 1, "--budget", 100)
    for options in ((), ("--dry-run",)):
        refused = fusefront("run", *study, *options, "-o", received)
        assert refused.status == 2
        assert f"Found `{received / 'attack.py'}`" in refused.err
        assert "Name it with `-a` or `-p`, or pass `--trust`." in refused.err
    with pytest.raises(StudyError, match=r"attack\.py"):
        ff.run(STUDY, received)
    assert not (received / "executed").exists()


def test_trust_executes_the_code(received: Path, tmp_path: Path, fusefront: Command) -> None:
    fusefront("split", received, "-a", "map", "-o", tmp_path / "few", "--trust")
    assert (received / "executed").exists()


def test_a_merge_says_why_it_wrote_no_study(
    received: Path, tmp_path: Path, fusefront: Command
) -> None:
    result = fusefront("merge", received, "-o", tmp_path / "merged")
    assert "no `study.toml` was written" in result.out
    assert "attack.py" in result.out
    assert "If you trust it, pass `--trust`" in result.out


def test_own_plug_ins_are_resumed_when_they_are_named(
    plugins: Callable[[str], Path], tmp_path: Path, fusefront: Command
) -> None:
    path, out = plugins(PLUGIN), tmp_path / "runs"
    run = ("run", "-p", "analytic-quadratic", "--seeds", 1, "--budget", 100, "-j", 1, "-o", out)
    assert fusefront(*run, "-a", f"{path}:Mine").status == 0
    assert fusefront(*run, "-a", "experts").status == 2
    assert fusefront(*run, "-a", f"{path}:Mine", "-a", "experts").status == 0
    assert fusefront(*run, "-a", "experts", "--trust").status == 0
    assert fusefront("run", out / "study.toml", "-j", 1, "-o", out).status == 0
    assert "mine" in ALGORITHMS


def test_a_problem_file_with_a_module_counts_as_code(tmp_path: Path) -> None:
    (tmp_path / "net.toml").write_text('module = "./net.py:net"\n', encoding="utf-8")
    (tmp_path / "plain.toml").write_text('name = "plain"\n', encoding="utf-8")
    study = tmp_path / "study.toml"
    study.write_text('problems = ["./net.toml", "./plain.toml", "smoke-all"]\n', encoding="utf-8")
    assert code_named_in(study) == {tmp_path / "net.toml"}


def test_names_reach_no_terminal_as_escape_codes(tmp_path: Path, fusefront: Command) -> None:
    ff.run(STUDY, tmp_path / "received")
    planned = tmp_path / "received" / "planned.json"
    hostile = r'"experts\u001b[2J\r\nhello\u202e"'
    planned.write_text(planned.read_text().replace('"experts"', hostile), encoding="utf-8")
    for command in ("status", "table", "summary"):
        out = fusefront(command, tmp_path / "received").out
        assert not re.search("[\x1b\r\u202e]", out), command
        assert r"experts\x1b[2J\r\nhello\u202e" in out, command
    refused = fusefront("plot", tmp_path / "received", "-a", "\x1b[2J").err
    assert r"Found `\x1b[2J`" in refused
