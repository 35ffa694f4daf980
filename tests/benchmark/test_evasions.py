"""Every known way to evade the protocol, and what the protocol does: see docs/protocol.md."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest

import fusefront
from fusefront.algorithms import ALGORITHMS
from fusefront.benchmark.study.study import Study

with ALGORITHMS.isolated():
    from fusefront.testing import evasions

ATTEMPTS = evasions.ATTEMPTS
PROTOCOL = Path(__file__).parents[2] / "docs" / "protocol.md"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """The run of every attempt, each in processes of its own."""
    with ALGORITHMS.isolated():
        study = Study.of(
            problems=["smoke-left-right"],
            algorithms=[f"{evasions.__file__}:Evasion[kind={kind}]" for kind in ATTEMPTS],
            seeds=1,
            budget=5_000,
        )
        results = fusefront.run(study, tmp_path_factory.mktemp("evasions"), jobs=1)
    kinds = results.runs["parameters"].map(lambda text: json.loads(text)["kind"])
    return results.runs.set_index(kinds)


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
    assert runs.loc["edited-ledger", "units"] > 0


@pytest.mark.parametrize("kind", [k for k, a in ATTEMPTS.items() if a.outcome == "convention"])
def test_conventions_are_not_noticed(runs: pd.DataFrame, kind: str) -> None:
    """If one of them is, its outcome has to be corrected in the table."""
    assert runs.loc[kind, "units"] == 0


def test_the_protocol_lists_every_attempt_with_its_outcome() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| (.+?) \| (\w+)", PROTOCOL.read_text(), re.M)
    expected = [(kind, attempt.what, attempt.outcome) for kind, attempt in ATTEMPTS.items()]
    assert rows == expected
