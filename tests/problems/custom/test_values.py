"""The same rows in every format are the same values; a wrong value is named with its row."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fusefront.errors import FusefrontError, IntegrityError
from fusefront.problems.custom.problem_file import CustomData
from fusefront.problems.custom.rows import Origin, Rows, read_rows, row_keys

FORMATS = ("parquet", "csv", "tsv", "jsonl")


def write(folder: Path, kind: str, columns: dict[str, list[Any]]) -> str:
    """Write columns as a user would; None is a missing value, an empty cell in CSV."""
    frame, path = pd.DataFrame(columns), folder / f"d.{kind}"
    if kind == "parquet":
        frame.to_parquet(path)
    elif kind == "jsonl":
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        frame.to_csv(path, index=False, sep="," if kind == "csv" else "\t")
    return path.name


def read(folder: Path, kind: str, modality: str, columns: dict[str, list[Any]]) -> Rows:
    data = CustomData.model_validate({"all": "x", modality: "x", "label": "y"})
    return read_rows(write(folder, kind, columns), data, folder)


@pytest.mark.parametrize("kind", FORMATS)
def test_texts_that_look_like_something_else_stay_texts(tmp_path: Path, kind: str) -> None:
    texts = ["NA", "nan", "null", "1.50", "007", "True", "a, b", 'say "x"', "two\nlines", "1e5"]
    found = read(tmp_path, kind, "text", {"x": texts, "y": ["a"] * len(texts)})
    assert list(found.inputs[0]) == texts


@pytest.mark.parametrize("kind", FORMATS)
def test_class_names_that_are_numbers_keep_their_text(tmp_path: Path, kind: str) -> None:
    found = read(tmp_path, kind, "text", {"x": ["a", "b", "c"], "y": ["0", "2", "1"]})
    assert found.classes == ["0", "2", "1"]


@pytest.mark.parametrize("kind", FORMATS)
def test_nested_lists_are_arrays_whose_keys_are_their_values(tmp_path: Path, kind: str) -> None:
    given = [[[0.5, 1.0], [2.0, -3.25]], [[0.5, 1.0], [2.0, -3.0]], [[0.5, 1.0], [2.0, -3.25]]]
    found = read(tmp_path, kind, "tensor", {"x": given, "y": [0, 1, 0]})
    np.testing.assert_array_equal(np.asarray(found.inputs[0]), np.array(given, np.float32))
    keys = row_keys(found)
    assert keys == row_keys(
        Rows(origin=Origin("d", "y"), inputs=(np.array(given, np.float32),), classes=["0"] * 3)
    )
    assert keys[0] == keys[2] != keys[1]


@pytest.mark.parametrize("kind", FORMATS)
def test_whole_numbers_stay_whole_and_others_are_float32(tmp_path: Path, kind: str) -> None:
    whole = read(tmp_path, kind, "tensor", {"x": [[1, 2], [3, 4]], "y": [0, 1]})
    assert np.asarray(whole.inputs[0]).dtype == np.int64
    other = read(tmp_path, kind, "tensor", {"x": [[1.0, 2.0], [3.0, 4.5]], "y": [0, 1]})
    assert np.asarray(other.inputs[0]).dtype == np.float32


def test_numbers_of_any_precision_in_parquet_have_the_same_keys(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    columns = [list(values), values.tolist(), list(values.astype(np.float64))]
    found = [row_keys(read(tmp_path, "parquet", "tensor", {"x": x, "y": [0] * 5})) for x in columns]
    assert found[0] == found[1] == found[2]


BAD: list[tuple[str, Any, str]] = [
    ("text", None, "contain texts. Found a missing value in row 2"),
    ("tensor", None, "Found a missing value in row 2"),
    ("tensor", [1.0, None], "Found a missing value in row 2"),
    ("tensor", [1.0], r"numbers of one shape. Found \(1,\) after \(2,\) in row 2"),
    ("tensor", [1.0, 1e39], r"Found 1e\+39 in row 2"),
]


@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
@pytest.mark.parametrize(("modality", "wrong", "reason"), BAD)
def test_a_wrong_input_is_named_with_column_and_row(
    tmp_path: Path, kind: str, modality: str, wrong: Any, reason: str
) -> None:
    right: Any = "a" if modality == "text" else [1.0, 2.5]
    with pytest.raises(IntegrityError, match=rf"Column `x` of `d\.{kind}` must .*{reason}"):
        read(tmp_path, kind, modality, {"x": [right, wrong, right], "y": [0, 1, 0]})


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("count", [1, 20])
def test_missing_texts_are_refused_however_many_there_are(
    tmp_path: Path, kind: str, count: int
) -> None:
    texts: list[str | None] = ["a b"] * 5 + [None] * count + ["c d"] * 5
    with pytest.raises(IntegrityError, match=r"Column `x` .* a missing value in row 6"):
        read(tmp_path, kind, "text", {"x": texts, "y": ["a"] * len(texts)})


@pytest.mark.parametrize("kind", FORMATS)
def test_a_missing_or_empty_class_is_refused(tmp_path: Path, kind: str) -> None:
    for wrong in (None, ""):
        with pytest.raises(IntegrityError, match=r"Column `y` .* in row 2\. "):
            read(tmp_path, kind, "text", {"x": ["a", "b"], "y": ["dog", wrong]})


@pytest.mark.parametrize("modality", ["text", "image", "tensor"])
def test_not_a_number_is_a_missing_value_in_every_column(tmp_path: Path, modality: str) -> None:
    wrong: list[dict[str, list[Any]]] = [
        {"x": [float("nan")] * 2, "y": [0, 1]},
        {"x": ["a"] * 2, "y": [1.0, np.nan]},
    ]
    for columns in wrong:
        with pytest.raises(FusefrontError, match=r"`d\.parquet`.* in row [12]\. "):
            read(tmp_path, "parquet", modality, columns)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [("[1, 2", r"Found '\[1, 2' in row 1"), ("[[1], [2, 3]]", "unequal lengths in row 1")],
)
def test_a_cell_that_is_no_list_is_named(tmp_path: Path, cell: str, reason: str) -> None:
    with pytest.raises(IntegrityError, match=reason):
        read(tmp_path, "csv", "tensor", {"x": [cell], "y": [0]})


def header_only(folder: Path, kind: str) -> None:
    (folder / f"d.{kind}").write_text("x,y\n" if kind == "csv" else "x\ty\n")


def no_rows(folder: Path, kind: str) -> None:
    frame = pd.DataFrame({"x": [], "y": []})
    frame.to_parquet(folder / "d.parquet") if kind == "parquet" else (folder / "d.jsonl").touch()


@pytest.mark.parametrize(
    ("kind", "make"),
    [("csv", header_only), ("tsv", header_only), ("parquet", no_rows), ("jsonl", no_rows)],
)
def test_a_table_without_rows_is_refused(
    tmp_path: Path, kind: str, make: Callable[[Path, str], None]
) -> None:
    make(tmp_path, kind)
    data = CustomData.model_validate({"all": "x", "text": "x", "label": "y"})
    with pytest.raises(IntegrityError, match="must have one row or more"):
        read_rows(f"d.{kind}", data, tmp_path)


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("x,y,x\na,0,b\n")
    data = CustomData.model_validate({"all": "x", "text": "x", "label": "y"})
    with pytest.raises(FusefrontError, match=r"must have one column `x`\. Found 2"):
        read_rows("d.csv", data, tmp_path)


def test_an_empty_text_in_quotes_is_a_text(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text('x,y\n"",0\n')
    data = CustomData.model_validate({"all": "x", "text": "x", "label": "y"})
    assert list(read_rows("d.csv", data, tmp_path).inputs[0]) == [""]


def test_a_saved_data_set_declares_its_types_and_names(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(
        {"x": datasets.Value("string"), "y": datasets.ClassLabel(names=["dog", "cat"])}
    )
    made: dict[str, list[Any]] = {"x": ["a", None], "y": [0, 1]}
    data = CustomData.model_validate({"all": "x", "text": "x", "label": "y"})
    datasets.Dataset.from_dict(made, features=features).save_to_disk(tmp_path / "set")
    with pytest.raises(IntegrityError, match=r"`x` of `set` .* a missing value in row 2"):
        read_rows("set", data, tmp_path)
    made["x"][1] = "b"
    datasets.Dataset.from_dict(made, features=features).save_to_disk(tmp_path / "whole")
    found = read_rows("whole", data, tmp_path)
    assert (found.classes, found.names) == (["0", "1"], ("dog", "cat"))
