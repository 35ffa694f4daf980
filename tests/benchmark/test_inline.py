import json
from pathlib import Path

from tests.benchmark.conftest import Command
from tests.benchmark.test_plan import assert_same

from fusefront import load
from fusefront.benchmark.study.file import write_study
from fusefront.benchmark.study.study import Study


def test_runs_in_this_process_have_the_same_bits(
    study: Study, directory: Path, tmp_path: Path, fusefront: Command
) -> None:
    toml, runs = tmp_path / "study.toml", tmp_path / "runs"
    write_study(toml, study)
    outcome = fusefront("run", toml, "-o", runs, "--executor", "inline", "--json")
    assert outcome.status == 0
    assert [line.count('"event": "done"') for line in outcome.out.splitlines()].count(1) == 6
    assert_same(runs, directory)


def test_a_run_records_what_kept_its_fit_apart(
    study: Study, directory: Path, tmp_path: Path, fusefront: Command
) -> None:
    toml, runs = tmp_path / "study.toml", tmp_path / "runs"
    write_study(toml, study)
    fusefront("run", toml, "-o", runs, "--executor", "inline")
    for place, expected in ((runs, "none"), (directory, "processes")):
        found = {json.loads(text)["isolation"] for text in load(place).runs["versions"]}
        assert found == {expected}
