"""Exports are read back unchanged by third-party readers."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import csv
from tests.results.conftest import results_of

from fusefront.errors import MissingDataError, ParameterError, StoreError, UnknownNameError
from fusefront.results.archive import export as module
from fusefront.results.archive.export import export
from fusefront.results.archive.iohanalyzer import QUANTITY
from fusefront.results.directory.compaction import COMPACTED
from fusefront.results.files.record import Record, TraceRow
from fusefront.results.files.schema import TABLES, from_frame, record_table, to_frame
from fusefront.results.results import Results

MakeRecord = Callable[..., Record]
NASTY = '=1+1, "quoted"\nsecond line; é </t>'


@pytest.fixture
def scored(
    results: Results, make_record: MakeRecord, make_scores: Callable[..., pd.DataFrame]
) -> Results:
    """Runs of every status, texts that need care, missing numbers, vectors, an empty text."""
    failed = replace(make_record("dare", status="failed"), traceback=NASTY, error_message="")
    skipped = replace(make_record("dare", seed=1, status="skipped"), reason="NaN")
    record = make_record(objectives=[[1 / 3, float("nan")]])
    parts = [record_table(r) for r in (failed, skipped, record, make_record("average"))]
    made = results_of(parts, [from_frame(results.problems, "problems")])
    values = {("two-digits", "TIES", 0): 0.1 + 0.2, ("two-digits", "AVERAGE", 0): float("nan")}
    return made.with_frames(scores=make_scores(values, made))


def _table(results: Results, name: str) -> pa.Table:
    return from_frame(getattr(results, name), name)


def _without_formulas(table: pa.Table) -> pa.Table:
    """The table as CSV and Excel have it, where the text of one cell is not a formula."""
    rows = table.to_pylist()
    for row in rows:
        for column, cell in row.items():
            row[column] = f"'{cell}" if cell == NASTY else cell
    return pa.Table.from_pylist(rows, schema=table.schema)


def _vectors(table: pa.Table) -> list[str]:
    return [field.name for field in table.schema if pa.types.is_list(field.type)]


@pytest.mark.parametrize("name", TABLES)
def test_csv_reads_back_equal(tmp_path: Path, scored: Results, name: str) -> None:
    assert export(scored, tmp_path / "out", format="csv", tables=[name]) == []
    expected = _without_formulas(_table(scored, name))
    texts = {f.name for f in expected.schema if pa.types.is_string(f.type)}
    texts |= {*_vectors(expected), "packed"}
    again = csv.read_csv(
        tmp_path / "out" / f"{name}.csv",
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types={
                f.name: pa.string() if f.name in texts else f.type for f in expected.schema
            },
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    ).to_pylist()
    for row in again:
        for column in _vectors(expected):
            row[column] = None if row[column] is None else json.loads(row[column])
        if "packed" in row:
            row["packed"] = bytes.fromhex(row["packed"])
    assert pa.Table.from_pylist(again, schema=expected.schema) == expected


def test_csv_is_read_by_pandas(tmp_path: Path, scored: Results) -> None:
    export(scored, tmp_path / "out", format="csv")
    assert {p.name for p in (tmp_path / "out").iterdir()} == {f"{name}.csv" for name in COMPACTED}
    again = pd.read_csv(tmp_path / "out" / "fronts.csv")
    again["preference"] = again["preference"].map(lambda text: np.array(json.loads(text)))
    pd.testing.assert_frame_equal(again, scored.fronts, check_dtype=False, rtol=1e-15)


@pytest.mark.parametrize("name", TABLES)
def test_json_reads_back_equal(tmp_path: Path, scored: Results, name: str) -> None:
    export(scored, tmp_path / "out", format="json", tables=[name])
    text = (tmp_path / "out" / f"{name}.json").read_text(encoding="utf-8")

    def no_constants(constant: str) -> float:
        raise AssertionError(constant)

    rows = json.loads(text, parse_constant=no_constants)
    for row in rows:
        if "packed" in row:
            row["packed"] = bytes.fromhex(row["packed"])
    expected = _table(scored, name)
    assert pa.Table.from_pylist(rows, schema=expected.schema) == expected


def test_numbers_are_numbers_in_json_and_nan_is_null(tmp_path: Path, scored: Results) -> None:
    export(scored, tmp_path / "out", format="json")
    rows = json.loads((tmp_path / "out" / "scores.json").read_text())
    assert [row["value"] for row in rows] == [0.1 + 0.2, None]
    assert module._plain({"a": [float("inf"), 1.5, "x"]}) == {"a": [None, 1.5, "x"]}


def _sheets(path: Path) -> dict[str, pd.DataFrame]:
    sheets: dict[str, pd.DataFrame] = pd.read_excel(
        path, sheet_name=None, keep_default_na=False, na_values=[], engine="openpyxl"
    )
    return sheets


def test_xlsx_reads_back_equal_to_16_digits(tmp_path: Path, scored: Results) -> None:
    path = tmp_path / "out.xlsx"
    export(scored, path, format="xlsx", tables=tuple(TABLES))
    sheets = _sheets(path)
    assert list(sheets) == list(TABLES)
    for name, sheet in sheets.items():
        expected = to_frame(_without_formulas(module._with_texts(_table(scored, name))))
        assert list(sheet.columns) == list(expected.columns)
        for column in expected.columns:
            for found, cell in zip(sheet[column], expected[column], strict=True):
                _assert_cell(found, cell)


def _assert_cell(found: Any, expected: Any) -> None:
    if isinstance(expected, str):
        assert found == expected
    elif pd.isna(expected):
        assert found == ""
    else:
        assert found == pytest.approx(expected, rel=1e-15)


def test_texts_are_no_formulas(tmp_path: Path, scored: Results) -> None:
    path = tmp_path / "out.xlsx"
    export(scored, path, format="xlsx", tables=["runs"])
    assert f"'{NASTY}" in set(_sheets(path)["runs"]["traceback"])


def test_control_characters_leave_the_file_whole(tmp_path: Path, scored: Results) -> None:
    path = tmp_path / "out.xlsx"
    coloured = scored.with_frames(runs=scored.runs.assign(traceback="\x1b[31mred\x00"))
    export(coloured, path, format="xlsx", tables=["runs"])
    assert set(_sheets(path)["runs"]["traceback"]) == {"_x001B_[31mred_x0000_"}


def test_a_table_that_is_too_long_for_a_sheet_is_named(
    tmp_path: Path, scored: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = len(scored.traces)
    monkeypatch.setattr(module, "SHEET_ROWS", rows + 1)
    export(scored, tmp_path / "fits.xlsx", format="xlsx", tables=["traces"])
    monkeypatch.setattr(module, "SHEET_ROWS", rows)
    with pytest.raises(ParameterError, match=rf"at most {rows} rows. Found {rows} .* in `traces`"):
        export(scored, tmp_path / "out.xlsx", format="xlsx", tables=["traces"])
    assert not (tmp_path / "out.xlsx").exists()


def test_the_longest_sheet_is_excels() -> None:
    table = pa.table({"a": pa.nulls(1_048_576, pa.int8())})
    module._check_sheet("scores", table.slice(1))
    with pytest.raises(ParameterError, match="at most 1,048,576 rows"):
        module._check_sheet("scores", table)


def test_a_text_that_is_too_long_for_a_cell_is_named(tmp_path: Path, scored: Results) -> None:
    for length, fits in ((32_767, True), (32_768, False)):
        runs = scored.runs.assign(reason="x" * length)
        longer = scored.with_frames(runs=runs)
        path = tmp_path / f"{length}.xlsx"
        if fits:
            export(longer, path, format="xlsx", tables=["runs"])
            assert set(_sheets(path)["runs"]["reason"].str.len()) == {length}
        else:
            with pytest.raises(ParameterError, match="32,768 in `reason` of `runs`"):
                export(longer, path, format="xlsx", tables=["runs"])


def test_without_xlsxwriter_the_message_installs_it(
    tmp_path: Path, scored: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(MissingDataError, match=r"pip install 'fusefront\[xlsx\]'"):
        export(scored, tmp_path / "out.xlsx", format="xlsx")


@pytest.mark.parametrize("format", ["csv", "json", "xlsx", "iohanalyzer"])
def test_nothing_is_written_over(tmp_path: Path, scored: Results, format: str) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    found = r"a new file, .* Found a folder\." if format == "xlsx" else "must be new or empty"
    with pytest.raises(StoreError, match=found):
        export(scored, out, format=format)
    assert [path.name for path in out.iterdir()] == ["mine.txt"]
    assert not list(tmp_path.glob(".*"))


def test_unknown_formats_and_tables_are_refused(tmp_path: Path, scored: Results) -> None:
    with pytest.raises(UnknownNameError, match=r"Found `xls`. Did you mean `xlsx`"):
        export(scored, tmp_path / "out", format="xls")
    with pytest.raises(UnknownNameError, match=r"Found `front`. Did you mean `fronts`"):
        export(scored, tmp_path / "out", format="csv", tables=["front"])
    with pytest.raises(ParameterError, match=r"without tables. Found runs"):
        export(scored, tmp_path / "out", format="iohanalyzer", tables=["runs"])


def _parse(folder: Path) -> dict[tuple[str, str, int, int], list[tuple[int, float]]]:
    """Curves by algorithm, function, dimension and instance, parsed by the format's description.

    A `.dat` file has a block a run, in the order of the JSON file's runs; a block begins with a
    line of titles, its first record is of evaluation 1, its last of the last evaluation.
    """
    curves = {}
    for path in folder.rglob("*.json"):
        content = json.loads(path.read_text())
        for scenario in content["scenarios"]:
            lines = (path.parent / scenario["path"]).read_text().splitlines()
            starts = [i for i, line in enumerate(lines) if not line[0].isdigit()]
            assert {lines[i] for i in starts} == {" ".join(content["attributes"])}
            assert len(starts) == len(scenario["runs"])
            for run, begin, end in zip(
                scenario["runs"], starts, [*starts[1:], len(lines)], strict=True
            ):
                cells = [line.split(" ") for line in lines[begin + 1 : end]]
                curve = [(int(place), float(value)) for place, value in cells]
                assert curve[0][0] == 1
                assert [place for place, _ in curve] == sorted({place for place, _ in curve})
                assert curve[-1][0] == run["evals"]
                assert (run["best"]["evals"], run["best"]["y"]) in curve
                assert run["best"]["y"] == min(value for _, value in curve)
                key = (content["algorithm"]["name"], content["function_name"])
                curves[(*key, scenario["dimension"], run["instance"])] = curve
    return curves


def _trace(record: Record, *points: tuple[int, float]) -> Record:
    other = TraceRow(3, 0.0, "loss", 9.0)
    rows = [TraceRow(units, 0.1, QUANTITY, value) for units, value in points]
    return replace(record, traces=[other, *rows])


def test_curves_are_what_traces_say_in_the_format_of_iohprofiler(
    tmp_path: Path, make_record: MakeRecord
) -> None:
    records = [
        _trace(make_record(seed=0), (100, 0.5), (400, 1 / 3), (900, 0.4)),
        _trace(make_record(seed=1), (0, 0.7)),
        _trace(make_record("a b/c"), (1, 0.6), (50, 0.2), (50, 0.25)),
        _trace(make_record("ties", "three[k=3]", objectives=[[0.1, 0.2, 0.3]]), (10, 0.9)),
        make_record("dare", status="failed"),
    ]
    results = results_of([record_table(record) for record in records])
    notes = export(results, tmp_path / "out", format="iohanalyzer")
    assert len(notes) == 1
    assert notes[0].startswith("1 runs are left out")
    pretrained = {2: (1 + 1 + 1 / 2) / 3, 3: (1 + 1 + 1 + 1 / 3) / 4}
    assert _parse(tmp_path / "out") == {
        ("TIES", "two-digits", 2, 1): [(1, pretrained[2]), (100, 0.5), (400, 1 / 3), (900, 0.4)],
        ("TIES", "two-digits", 2, 2): [(1, 0.7)],
        ("A B/C", "two-digits", 2, 1): [(1, 0.6), (50, 0.25)],
        ("TIES", "three[k=3]", 3, 1): [(1, pretrained[3]), (10, 0.9)],
    }
    assert all(path.name.replace("_", "").isascii() for path in (tmp_path / "out").rglob("*"))


def test_algorithms_with_similar_names_have_separate_folders(
    tmp_path: Path, make_record: MakeRecord
) -> None:
    records = [_trace(make_record(name), (5, 0.1)) for name in ("a[b=1]", "a(b=1)", "a b 1")]
    results = results_of([record_table(record) for record in records])
    export(results, tmp_path / "out", format="iohanalyzer")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "A-B-1",
        "A-B-1-2",
        "A-B-1-3",
    ]
    assert len(_parse(tmp_path / "out")) == 3
