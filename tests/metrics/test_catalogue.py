"""The catalogue is complete, labelled, and readable without importing any metric."""

import re
import subprocess
import sys

import pytest

from fusefront.entry import Entry
from fusefront.metrics import METRICS
from fusefront.metrics.base import Metric, needs

entries = list(METRICS)


def test_catalogue_has_every_family() -> None:
    assert {kind: len(METRICS.select({"kind": kind})) for kind in METRICS.label_values["kind"]} == {
        "front": 17,
        "diversity": 5,
        "preference": 16,
        "model": 6,
        "generalisation": 1,
        "cost": 14,
    }


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
        "baseline": "baseline" in asked,
        "anchors": bool(asked & {"expert_values", "anchors"}),
    }
    assert entry.labels["reference"] in [k for k, v in expected.items() if v] or ["none"]
    assert (entry.labels["reference"] == "none") == (not any(expected.values()))
    assert (entry.labels["kind"] == "cost") == (asked == {"run"})


@pytest.mark.parametrize("entry", entries, ids=lambda entry: entry.name)
def test_metrics_apply_where_their_inputs_are(entry: Entry[Metric]) -> None:
    asked = needs(entry.load())
    assert (entry.labels["applies"] == "classes") == bool(
        asked & {"calibration_errors", "agreements"}
    )
    assert (entry.labels["applies"] == "protocol-2") == bool(
        asked & {"validation_values", "own_points", "milestones"}
    )


@pytest.mark.parametrize("entry", entries, ids=lambda entry: entry.name)
def test_docstring_states_direction_complexity_and_source(entry: Entry[Metric]) -> None:
    whole = sys.modules[entry.load().__module__].__doc__ or ""
    text = f"{entry.load().__doc__} {whole}"
    assert re.search("(?i)(lower|higher) is (better|smoother|denser|wider|more even)", text)
    assert "O(" in text or "complexity" in text
    assert entry.labels["kind"] == "cost" or "Source:" in text


def test_underscores_find_the_same_metric() -> None:
    assert METRICS["igd_plus"] is METRICS["igd-plus"]
