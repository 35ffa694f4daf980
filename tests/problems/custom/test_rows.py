from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from fusefront.errors import IntegrityError, MissingDataError, StudyError
from fusefront.problems.custom.problem_file import CustomData
from fusefront.problems.custom.rows import Origin, Rows, read_rows, row_keys


def data(modality: Any = "text", *inputs: str, label: str = "label") -> CustomData:
    columns = inputs or (modality,)
    named = columns if modality == "text" else columns[0]
    return CustomData.model_validate({"all": "x", modality: named, "label": label})


FRAME = pd.DataFrame({"text": ["a b", "NA"], "more": ["x", "y"], "label": [1, 0]})


@pytest.mark.parametrize("name", ["d.parquet", "d.csv", "d.tsv", "d.jsonl"])
def test_tables_of_every_kind_give_the_same_rows(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    writers = {
        ".parquet": lambda: FRAME.to_parquet(path),
        ".csv": lambda: FRAME.to_csv(path, index=False),
        ".tsv": lambda: FRAME.to_csv(path, index=False, sep="\t"),
        ".jsonl": lambda: FRAME.to_json(path, orient="records", lines=True),
    }
    writers[path.suffix]()
    found = read_rows(name, data("text", "text", "more"), tmp_path)
    assert [list(column) for column in found.inputs] == [["a b", "NA"], ["x", "y"]]
    assert found.classes == ["1", "0"]


def test_keys_are_equal_exactly_for_equal_inputs(tmp_path: Path) -> None:
    picture = Image.new("RGB", (2, 2))
    picture.save(tmp_path / "one.png")
    numbers = [np.array([1.0, 2.0]), np.array([1.0, 2.5])]
    inputs = ["a", "b", "a", b"a", b"b", b"a", tmp_path / "one.png", *numbers]
    keys = row_keys(Rows(origin=Origin("d", "y"), inputs=(inputs,), classes=["0"] * len(inputs)))
    assert keys[0] == keys[2]
    assert keys[3] == keys[5]
    assert len(set(keys)) == 7
    pairs = row_keys(
        Rows(origin=Origin("d", "y"), inputs=(["ab", "a"], ["c", "bc"]), classes=["0", "0"])
    )
    assert pairs[0] != pairs[1]


def test_a_missing_column_is_named_with_the_nearest_match(tmp_path: Path) -> None:
    FRAME.to_parquet(tmp_path / "d.parquet")
    with pytest.raises(StudyError, match=r"`txt`.*Did you mean `text`"):
        read_rows("d.parquet", data("text", "txt"), tmp_path)


def test_a_missing_or_damaged_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"none\.parquet"):
        read_rows("none.parquet", data(), tmp_path)
    (tmp_path / "d.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(IntegrityError, match=r"valid \.parquet file"):
        read_rows("d.parquet", data(), tmp_path)
    (tmp_path / "d.pkl").write_bytes(b"")
    with pytest.raises(StudyError, match=r"Found `\.pkl`"):
        read_rows("d.pkl", data(), tmp_path)


def test_classes_must_be_names_or_integers(tmp_path: Path) -> None:
    pd.DataFrame({"text": ["a"], "label": [0.5]}).to_parquet(tmp_path / "d.parquet")
    with pytest.raises(IntegrityError, match=r"whole numbers\. Found 0\.5 in row 1"):
        read_rows("d.parquet", data(), tmp_path)


def test_an_image_folder_has_one_folder_per_class(tmp_path: Path) -> None:
    for name in ("dog/1.png", "cat/2.png", "cat/1.png"):
        (tmp_path / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (2, 2)).save(tmp_path / "set" / name)
    (tmp_path / "set" / "cat" / "notes.txt").write_text("no image")
    found = read_rows("set", data("image"), tmp_path)
    assert found.classes == ["cat", "cat", "dog"]
    assert [path.name for path in found.inputs[0]] == ["1.png", "2.png", "1.png"]


@pytest.mark.parametrize("path", ["../out.png", "/etc/hostname", "none.png"])
def test_images_of_a_table_must_be_in_its_folder(tmp_path: Path, path: str) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    Image.new("RGB", (2, 2)).save(tmp_path / "out.png")
    pd.DataFrame({"image": [path], "label": [0]}).to_csv(folder / "d.csv")
    with pytest.raises(IntegrityError, match="in the folder of the table or below"):
        read_rows("d.csv", data("image"), folder)


def test_saved_data_sets_are_read_by_their_library(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    saved = datasets.DatasetDict({"train": datasets.Dataset.from_pandas(FRAME)})
    saved.save_to_disk(tmp_path / "set")
    found = read_rows("set#train", data(), tmp_path)
    assert list(found.inputs[0]) == ["a b", "NA"]
    assert found.classes == ["1", "0"]
    with pytest.raises(StudyError, match=r"`trian`.*Did you mean `train`"):
        read_rows("set#trian", data(), tmp_path)
