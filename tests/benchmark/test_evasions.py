"""Every known way to evade the protocol, and what the protocol does: see docs/protocol.md."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import fusefront
from fusefront.algorithms import ALGORITHMS

with ALGORITHMS.isolated():
    from fusefront.testing import evasions

ATTEMPTS = evasions.ATTEMPTS
PROTOCOL = Path(__file__).parents[2] / "docs" / "protocol.md"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """The run of every attempt, each in processes of its own."""
    folder = tmp_path_factory.mktemp("evasions")
    specs = [f"{evasions.__file__}:Evasion[kind={kind}]" for kind in ATTEMPTS]
    algorithms = [part for spec in specs for part in ("-a", spec)]
    command = [sys.executable, "-m", "fusefront.benchmark", "run", "-p", "smoke-left-right"]
    command += [*algorithms, "--seeds", "1", "--budget", "5000", "-o", str(folder)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 1, found.stderr  # some runs failed, as they must
    runs = fusefront.load(folder).runs
    return runs.set_index(runs["parameters"].map(lambda text: json.loads(text)["kind"]))


@pytest.mark.parametrize("kind", ATTEMPTS)
def test_attempt_has_its_outcome(runs: pd.DataFrame, kind: str) -> None:
    run, outcome = runs.loc[kind], ATTEMPTS[kind].outcome
    if outcome in {"refused", "detected"}:
        assert run["status"] == "failed"
        assert run["error_class"] in {"PluginResultError", "ParameterError"}, run["traceback"]
        assert ". Found " in run["error_message"]
    else:
        assert run["status"] == "done", run["traceback"]


def test_every_backward_pass_is_charged(runs: pd.DataFrame) -> None:
    examples = 2 * evasions.SIZE
    assert runs.loc["backward-again", "units"] == examples * (1 + 10 * 2)
    assert runs.loc["backward-again", "gradient_steps"] == 10


def test_an_edited_ledger_changes_no_cost(runs: pd.DataFrame) -> None:
    assert runs["units"].to_dict()["edited-ledger"] > 0


@pytest.mark.parametrize("kind", [k for k, a in ATTEMPTS.items() if a.outcome == "convention"])
def test_conventions_are_not_noticed(runs: pd.DataFrame, kind: str) -> None:
    """If one of them is, its outcome has to be corrected in the table."""
    assert runs.loc[kind, "units"] == 0


def test_the_protocol_lists_every_attempt_with_its_outcome() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| (.+?) \| (\w+)", PROTOCOL.read_text(), re.M)
    expected = [(kind, attempt.what, attempt.outcome) for kind, attempt in ATTEMPTS.items()]
    assert rows == expected
