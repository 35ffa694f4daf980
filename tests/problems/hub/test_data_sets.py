"""Data sets are opened from folders of both kinds and checked against the task."""

from pathlib import Path

import datasets
import numpy as np
import pytest
from tests.problems.hub import stand_ins

from fusefront.errors import IntegrityError, MissingDataError
from fusefront.problems.hub import data_sets, repositories
from fusefront.problems.hub.suites import SUITES

DTD = SUITES["clip-vit-b32"].task("dtd")
SVHN = SUITES["clip-vit-b32"].task("svhn")
RTE = SUITES["gpt2"].task("rte")


@pytest.fixture(autouse=True)
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty mirror, an empty cache, and no hub."""
    monkeypatch.setenv("FUSEFRONT_MIRROR", str(tmp_path / "mirror"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "arrow")
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    datasets.disable_progress_bars()
    repositories.unreachable.cache_clear()
    return tmp_path / "mirror"


def parquet(data: datasets.DatasetDict, folder: Path) -> None:
    """Write a data set in the form of a repository on the hub."""
    folder.mkdir(parents=True)
    for name, rows in data.items():
        rows.to_parquet(str(folder / f"{name}-00000-of-00001.parquet"))


def test_a_data_set_saved_to_disk_is_opened(mirror: Path) -> None:
    stand_ins.image_data(DTD).save_to_disk(str(mirror / "datasets" / DTD.dataset))
    opened = data_sets.open_split(DTD, "test")
    assert len(opened.rows) == stand_ins.TEST
    assert opened.source == data_sets.source_here(DTD)
    labels = data_sets.labels_of(DTD, opened.rows)
    assert labels.tolist() == [y for _, y in stand_ins.image_rows(DTD, stand_ins.TEST, 1)]


def test_a_copy_of_the_repository_is_opened_the_same_way(mirror: Path) -> None:
    parquet(stand_ins.image_data(DTD), mirror / "datasets" / DTD.dataset / "data")
    rows = data_sets.open_split(DTD, "test").rows
    for found, (image, label) in zip(
        rows, stand_ins.image_rows(DTD, stand_ins.TEST, 1), strict=True
    ):
        assert found["label"] == label
        np.testing.assert_array_equal(np.asarray(found["image"]), np.asarray(image))


@pytest.mark.parametrize("name", ["datasets/nyu-mll/glue", "datasets/glue"])
def test_a_configuration_is_found_under_both_names(mirror: Path, name: str) -> None:
    stand_ins.text_data(RTE).save_to_disk(str(mirror / name / "rte"))
    rows = data_sets.open_split(RTE, "validation").rows
    assert set(RTE.inputs) < set(rows.column_names)


def test_a_configuration_that_the_mirror_lacks_is_not_taken_from_another(mirror: Path) -> None:
    cola = SUITES["gpt2"].task("cola")
    stand_ins.text_data(cola).save_to_disk(str(mirror / "datasets" / "glue" / "cola"))
    assert data_sets.is_mirrored(cola)
    assert not data_sets.is_mirrored(RTE)
    with pytest.raises(MissingDataError, match="`datasets/nyu-mll/glue` needs the Hugging Face"):
        data_sets.open_split(RTE, "train")


def test_a_missing_split_is_named(mirror: Path) -> None:
    stand_ins.image_data(DTD).save_to_disk(str(mirror / "datasets" / DTD.dataset))
    with pytest.raises(IntegrityError, match=r"must have a split `validation`\. Found train, test"):
        data_sets.open_split(DTD, "validation")


def test_a_wrong_number_of_classes_is_refused() -> None:
    rows = stand_ins.image_data(SVHN)["train"]
    with pytest.raises(IntegrityError, match=r"labels of 47 classes from 0\. Found 10 classes"):
        data_sets.labels_of(DTD, rows)


def test_hidden_labels_are_refused() -> None:
    rows = datasets.Dataset.from_dict({"sentence1": ["a"], "sentence2": ["b"], "label": [-1]})
    with pytest.raises(IntegrityError, match="labels from -1 to -1"):
        data_sets.labels_of(RTE, rows)


def test_wrong_columns_are_refused() -> None:
    rows = datasets.Dataset.from_dict({"text": ["a"], "label": [0]})
    with pytest.raises(IntegrityError, match="columns sentence1, sentence2, label"):
        data_sets.labels_of(RTE, rows)


def test_a_data_set_that_is_not_found_is_named() -> None:
    with pytest.raises(MissingDataError, match="`datasets/tanganke/dtd` needs the Hugging Face"):
        data_sets.open_split(DTD, "train")


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_sets, "find_spec", lambda name: None)
    with pytest.raises(MissingDataError, match=r"pip install 'fusefront\[hub\]'"):
        data_sets.open_split(DTD, "train")


class _Rows:
    cache_files = ({"filename": "/arrow/tanganke___dtd/default/0.0.0/222/dtd-test.arrow"},)


def test_a_cached_data_set_of_another_revision_is_refused() -> None:
    data_sets._check_revision(DTD, _Rows(), "222")
    with pytest.raises(MissingDataError, match="must have revision 111"):
        data_sets._check_revision(DTD, _Rows(), "111")
