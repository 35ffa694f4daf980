"""Output in any encoding: nothing that was computed ends in a traceback."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fusefront.benchmark.cli.encoding import make_printable


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [("ascii", r"a ^ ~0.5 +- 0.1 -- ... \u6a21"), ("latin-1", "a ^ ~0.5 ± 0.1 -- ... \\u6a21")],
)
def test_characters_that_an_encoding_lacks_are_replaced(encoding: str, expected: str) -> None:
    data = io.BytesIO()
    stream = io.TextIOWrapper(data, encoding=encoding)
    make_printable(stream)
    stream.write("a ↑ ≈0.5 ± 0.1 ─\N{EN DASH} … 模")
    stream.flush()
    assert data.getvalue().decode(encoding) == expected


def test_a_run_prints_its_table_where_the_encoding_is_ascii(tmp_path: Path) -> None:
    command = ["run", "-p", "analytic-quadratic", "-a", "experts", "-a", "rewarded-soup"]
    command += ["--seeds", "1", "--budget", "100", "--executor", "inline", "-o", f"{tmp_path}/out"]
    result = subprocess.run(
        [sys.executable, "-m", "fusefront.benchmark", *command],
        env=os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"},
        capture_output=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert b"hypervolume ^, higher is better" in result.stdout
    assert b"Traceback" not in result.stderr
