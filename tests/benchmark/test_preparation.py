"""Problems are prepared before their runs; one that lacks its data is skipped with the reason."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.benchmark.conftest import Command, Outcome

from fusefront.problems import PROBLEMS

PLUGIN = '''
from pathlib import Path

from fusefront import PROBLEMS, Problem
from fusefront.errors import MissingDataError

HERE = Path(__file__).parent


class Late(Problem):
    """The smoke pair, once its data is there."""

    inner = PROBLEMS["smoke-left-right"].load()()
    tasks = inner.tasks

    def prepare(self, report):
        if not (HERE / "data").exists():
            raise MissingDataError("`data` must be there. Found none. Use `touch data`.")
        report("reading the data")

    def hash(self):
        return self.inner.hash()

    def anchors(self, split):
        return self.inner.anchors(split)

    def pool(self):
        return self.inner.pool()

    def oracle(self, splits):
        return self.inner.oracle(splits)


@PROBLEMS.register("late", tasks="2")
def late():
    return Late()
'''


@pytest.fixture
def late(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "late.py").write_text(PLUGIN)
    with PROBLEMS.isolated():
        yield f"{tmp_path}/late.py:late"


def ran(fusefront: Command, late: str, directory: Path) -> Outcome:
    problems = ("-p", late, "-p", "smoke-left-right")
    algorithms = ("-a", "pretrained", "-a", "rewarded-soup")
    where = ("-o", directory, "--seeds", 1, "--budget", 1000)
    return fusefront("run", *problems, *algorithms, *where)


def test_a_problem_without_data_is_skipped_and_computed_once_it_is_there(
    fusefront: Command, late: str, tmp_path: Path
) -> None:
    directory = tmp_path / "run"
    told = ran(fusefront, late, directory)
    assert told.status == 1
    assert told.err.count("`data` must be there. Found none. Use `touch data`.") == 1
    assert "2 done, 0 cached, 2 skipped, 0 failed" in told.out
    rows = json.loads(fusefront("status", directory, "--json").out)["rows"]
    reasons = {row["problem"]: row["reasons"] for row in rows}
    assert "touch data" in reasons["late"]
    assert reasons["smoke-left-right"] == ""
    again = ran(fusefront, late, directory)
    assert again.status == 1
    assert "0 done, 4 cached" in again.out
    (tmp_path / "data").touch()
    there = ran(fusefront, late, directory)
    assert there.status == 0
    assert "reading the data" in there.err
    assert "2 done, 2 cached, 0 skipped, 0 failed" in there.out


def test_a_study_of_which_no_data_is_there_ends_in_its_one_line(
    fusefront: Command, late: str, tmp_path: Path
) -> None:
    told = fusefront("run", "-p", late, "-a", "pretrained", "-o", tmp_path / "run")
    assert told.status == 1
    assert "touch data" in told.err
    assert "Traceback" not in told.err


def test_info_of_a_problem_without_data_is_one_error(fusefront: Command, late: str) -> None:
    told = fusefront("info", late)
    assert told.status == 2
    assert told.err.endswith("Use `touch data`.\n")
