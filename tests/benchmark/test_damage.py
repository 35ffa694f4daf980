"""A flipped bit anywhere in a run directory: right numbers or one clear error, and a full repair.

Size and time of the file stay the same, so that nothing but its content tells of the damage.
"""

import os
import random
import shutil
from pathlib import Path

import pandas as pd
import pytest
from tests.benchmark.conftest import Command, run_command

import fusefront as ff

RUN = (
    *("run", "-p", "analytic-quadratic", "-a", "experts", "-a", "map", "--seeds", 1),
    *("--budget", 200, "--executor", "inline", "-o"),
)
FILES = (
    *("parts/*.parquet", "problems/*.parquet", "planned.json", "study.toml"),
    *("tables/runs.parquet", "tables/scores.parquet", "tables/parts.parquet"),
)
FLIPS = 4
"""Flipped bits per file."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("whole") / "runs"
    assert run_command(*RUN, directory).status == 0
    return directory


def _flip(path: Path, seed: int, *, footer: bool) -> None:
    """Flip a bit, in the last third of the file if it shall be in a footer."""
    about, data = path.stat(), bytearray(path.read_bytes())
    start = len(data) * 2 // 3 if footer else 0
    bit = random.Random(seed).randrange(8 * start, 8 * len(data))
    data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))


def _numbers(directory: Path) -> pd.DataFrame:
    """Return the scores that do not depend on the machine."""
    scores = ff.load(directory).scores
    measured = scores["metric"].isin(["wall-seconds", "peak-bytes", "energy-joules", "rss-bytes"])
    return scores[~measured].drop(columns="display_name").reset_index(drop=True)


@pytest.mark.parametrize("seed", range(FLIPS))
@pytest.mark.parametrize("file", FILES)
def test_a_flipped_bit_gives_no_wrong_number_and_is_repaired(
    file: str, seed: int, whole: Path, tmp_path: Path, fusefront: Command
) -> None:
    expected = _numbers(whole)
    directory = tmp_path / "runs"
    shutil.copytree(whole, directory, copy_function=shutil.copy2)
    path = min(directory.glob(file))
    _flip(path, seed, footer=bool(seed % 2))
    for command in (("table",), ("status",), ("export", "-o", tmp_path / "tables")):
        result = fusefront(command[0], directory, *command[1:])
        assert result.status in (0, 2) or (command == ("status",) and result.status == 1)
        assert result.err.count("\n") == (result.status == 2)
        assert result.status != 2 or path.name in result.err
    if fusefront("table", directory).status == 0:
        pd.testing.assert_frame_equal(_numbers(directory), expected)
    found = fusefront("verify", directory)
    # A wrong problem or seed in the list of runs looks like a part of another run.
    assert found.status == 0 or path.name in found.out or file == "planned.json"
    resumed = fusefront(*RUN, directory)
    assert resumed.status == 0, resumed.err
    pd.testing.assert_frame_equal(_numbers(directory), expected)
    if fusefront("verify", directory, "--repair").status == 1:
        assert fusefront(*RUN, directory).status == 0
    assert fusefront("verify", directory).status == 0
    pd.testing.assert_frame_equal(_numbers(directory), expected)


def test_a_part_that_verify_found_damaged_is_computed_again(
    whole: Path, tmp_path: Path, fusefront: Command
) -> None:
    directory = tmp_path / "runs"
    shutil.copytree(whole, directory, copy_function=shutil.copy2)
    path = min((directory / "parts").iterdir())
    about, data = path.stat(), bytearray(path.read_bytes())
    data[40] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert fusefront(*RUN, directory).status == 0
    assert path.read_bytes() == data, "size and time are those of the compaction"
    found = fusefront("verify", directory)
    assert (found.status, "verify DIRECTORY --repair" in found.out) == (1, True)
    repaired = fusefront("verify", directory, "--repair")
    assert f"set aside {path}.damaged" in repaired.out
    assert fusefront("status", directory).status == 1
    assert fusefront(*RUN, directory).status == 0
    assert path.read_bytes() != data
    pd.testing.assert_frame_equal(_numbers(directory), _numbers(whole))
    assert fusefront("verify", directory).status == 0


def test_a_damaged_study_is_set_aside_with_a_line(
    whole: Path, tmp_path: Path, fusefront: Command
) -> None:
    directory = tmp_path / "runs"
    shutil.copytree(whole, directory, copy_function=shutil.copy2)
    path = directory / "study.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("seeds = 1", "seeds = 3"))
    assert "lines that differ from those that were written" in fusefront("verify", directory).out
    refused = fusefront("run", path, "-o", tmp_path / "other")
    assert refused.status == 2
    assert "Delete the first line if you edited the file." in refused.err
    result = fusefront(*RUN, directory)
    assert result.status == 0
    assert f"set aside the damaged file {path}.damaged" in result.err
    assert "0 missing" not in result.err
    assert fusefront("verify", directory).status == 0


def test_only_run_directories_are_repaired(fusefront: Command) -> None:
    refused = fusefront("verify", "default!", "--repair")
    assert refused.status == 2
    assert "`--repair` must be used with a run directory" in refused.err
