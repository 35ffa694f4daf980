"""A disk that is full: one clear error, nothing lost, and the same command goes on afterwards."""

import subprocess
import sys
from pathlib import Path

import pytest

from fusefront.benchmark.study.file import write_study
from fusefront.benchmark.study.study import Study

SCRIPT = """
set -e
mount -t tmpfs -o size={size}k none {runs}
set +e
{command}
echo "first: $?"
ls {runs}/parts | grep -c parquet
mount -o remount,size=64m {runs}
{command}
echo "second: $?"
{python} -m fusefront.benchmark status {runs}
"""


@pytest.mark.slow
def test_full_disk_is_one_error_and_what_was_written_is_whole(study: Study, tmp_path: Path) -> None:
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode:
        pytest.skip("no file system of its own can be mounted here (`unshare -rm`)")
    toml, runs = tmp_path / "study.toml", tmp_path / "runs"
    runs.mkdir()
    write_study(toml, study)
    command = f"{sys.executable} -m fusefront.benchmark run {toml} -o {runs} -j 2"
    script = SCRIPT.format(size=72, runs=runs, command=command, python=sys.executable)
    told = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script], capture_output=True, text=True, check=False
    )
    out = told.stdout.splitlines()
    assert "first: 2" in out, told
    errors = [line for line in told.stderr.splitlines() if "No space left on device" in line]
    assert len(errors) == 1, told.stderr
    assert "Free some space, or choose another directory." in errors[0]
    assert "Traceback" not in told.stderr
    kept = int(out[out.index("first: 2") + 1])
    assert 0 < kept < 6
    assert f"{6 - kept} done, {kept} cached, 0 skipped, 0 failed" in told.stdout
    assert "second: 0" in out
    assert "done: 6  failed: 0  skipped: 0  missing: 0" in told.stdout
