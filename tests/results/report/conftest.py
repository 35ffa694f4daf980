from pathlib import Path

import pytest
from tests.results.plots.study import facts, record

from fusefront.results.directory.parts import write_part, write_problem


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A run directory: three algorithms on two problems with milestones, one seed."""
    path = tmp_path / "mine"
    for problem in ("other-pair", "five"):
        for number in (0, 3, 6):
            write_part(path, record(number, problem, 0))
        write_problem(path, facts(problem))
    return path
