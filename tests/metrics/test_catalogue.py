"""The catalogue is complete, labelled, and readable without importing any metric."""

import subprocess
import sys

import pytest

from fusefront.entry import Entry
from fusefront.metrics import METRICS
from fusefront.metrics.base import Metric, needs

entries = list(METRICS)


def test_catalogue_holds_the_metrics_of_the_protocol() -> None:
    assert [entry.name for entry in entries if entry.labels["kind"] != "cost"] == [
        "hypervolume",
        "igd",
        "igd-plus",
        "expected-utility",
        "gain-over-pretrained",
        "corner-gap",
        "average-normalised-accuracy",
        "worst-task-normalised-accuracy",
    ]


def test_reading_the_catalogue_imports_no_library() -> None:
    code = (
        "import sys, fusefront.metrics as m; assert len(list(m.METRICS)) >= 12; "
        "print([n for n in ('numpy', 'moocore', 'torch') if n in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize("entry", entries, ids=lambda entry: entry.name)
def test_entry_is_labelled(entry: Entry[Metric]) -> None:
    assert entry.labels.keys() == METRICS.label_values.keys()
    assert entry.summary
    assert "\n" not in entry.summary
    assert entry.source


@pytest.mark.parametrize("entry", entries, ids=lambda entry: entry.name)
def test_entry_is_named_after_its_function(entry: Entry[Metric]) -> None:
    assert getattr(entry.load(), "__name__", "").replace("_", "-") == entry.name


@pytest.mark.parametrize("entry", entries, ids=lambda entry: entry.name)
def test_labels_agree_with_the_signature(entry: Entry[Metric]) -> None:
    asked = needs(entry.load())
    expected = {
        "ref_point": "ref_point" in asked,
        "front": "front" in asked,
        "anchors": "expert_values" in asked,
    }
    assert entry.labels["reference"] in [k for k, v in expected.items() if v] or ["none"]
    assert (entry.labels["reference"] == "none") == (not any(expected.values()))
    assert (entry.labels["kind"] == "preference") == ("preferences" in asked)
    assert (entry.labels["kind"] == "cost") == ("run" in asked)


def test_underscores_find_the_same_metric() -> None:
    assert METRICS["igd_plus"] is METRICS["igd-plus"]
