"""The list of planned runs, which `fusefront status` reads instead of loading problems."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.specs import problems

from fusefront.benchmark.study.algorithm_spec import AlgorithmSpec
from fusefront.benchmark.study.study import RunSpec
from fusefront.errors import StoreError
from fusefront.results.directory.planned import PLANNED, read_planned, write_planned


def test_planned_runs_are_read_back(tmp_path: Path) -> None:
    spec = AlgorithmSpec(name="map", parameters={"name": 'é"[,]'})
    runs = [
        RunSpec(
            run_id=f"r{i}",
            problem=problems("smoke-all")[0],
            algorithm=spec,
            resolved="{}",
            seed=i,
            root_seed=0,
            budget=None,
        )
        for i in range(3)
    ]
    write_planned(tmp_path, [run.planned_row for run in runs])
    expected = [(f"r{i}", "smoke-all", spec.display_name, i) for i in range(3)]
    assert read_planned(tmp_path) == expected


@pytest.mark.parametrize("content", ["[[", "{}x", "[[1]]", "3", "[3]"])
def test_damaged_list_is_one_clear_error(tmp_path: Path, content: str) -> None:
    (tmp_path / PLANNED).write_text(content)
    with pytest.raises(StoreError, match=r"planned\.json` must be the list of runs"):
        read_planned(tmp_path)


def test_status_loads_no_weights_and_no_torch(directory: Path) -> None:
    program = f"""
import sys
sys.argv = ["fusefront", "status", {str(directory)!r}]
from fusefront.benchmark.cli import main
try:
    main()
except SystemExit as ended:
    print(ended.code, "torch" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "0 False", done.stderr
