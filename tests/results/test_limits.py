"""A small file cannot fill the memory, and values that no writer writes are not read."""

import hashlib
import json
import resource
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fusefront.errors import StoreError
from fusefront.results.archive.archive import MANIFEST, pack
from fusefront.results.directory.parts import write_part, write_problem
from fusefront.results.directory.planned import PLANNED, read_planned, write_planned
from fusefront.results.files.limits import COLUMNS, ROW_GROUPS, excess
from fusefront.results.files.parquet import DamagedFileError, read_table, write_table
from fusefront.results.files.record import ProblemFacts, Record
from fusefront.results.files.schema import PART, TABLES, record_table
from fusefront.results.load import read
from fusefront.results.verify import verify

MakeRecord = Callable[..., Record]
ROWS = 20_000_000
MEMORY = 3 << 30
"""Bytes that a command may allocate, which are fewer than the rows of the large table take."""


def _repeated(text: str, rows: int) -> pa.ChunkedArray:
    """A column of one text; its rows share their memory here as they do in a file."""
    one = pa.array([text]).dictionary_encode()
    indices = pa.repeat(pa.scalar(0, pa.int32()), rows)
    return pa.chunked_array([pa.DictionaryArray.from_arrays(indices, one.dictionary)])


def _large_traces() -> pa.Table:
    """A table of traces that has the same row many times: 2 GB in memory, some kB on disk."""
    columns = {
        "run_id": _repeated("p-ties-0", ROWS),
        "problem": _repeated("p" * 40, ROWS),
        "algorithm": _repeated("ties" * 10, ROWS),
        "display_name": _repeated("TIES" * 10, ROWS),
        "seed": pa.repeat(pa.scalar(0, pa.int64()), ROWS),
        "units": pa.repeat(pa.scalar(0, pa.int64()), ROWS),
        "wall_seconds": pa.repeat(pa.scalar(0.0), ROWS),
        "metric": _repeated("loss", ROWS),
        "value": pa.repeat(pa.scalar(0.0), ROWS),
    }
    fields = [field.with_type(columns[field.name].type) for field in TABLES["traces"]]
    return pa.table(list(columns.values()), schema=pa.schema(fields))


@pytest.fixture
def bomb(tmp_path: Path, make_record: MakeRecord) -> Path:
    """An archive in one file, intact by its hashes, whose traces would fill the memory."""
    root = tmp_path / "bomb"
    write_part(root / "runs", make_record("ties", "p"))
    folder = root / "archive"
    pack(read(root / "runs"), folder, note="")
    write_table(folder / "traces.parquet", _large_traces(), name="traces", use_dictionary=True)
    content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    data = (folder / "traces.parquet").read_bytes()
    content["files"]["traces.parquet"] = hashlib.sha256(data).hexdigest()
    content["bytes"]["traces.parquet"] = len(data)
    (folder / MANIFEST).write_text(json.dumps(content), encoding="utf-8")
    path = root / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as file:
        for entry in folder.iterdir():
            file.write(entry, entry.name)
    assert path.stat().st_size < 1 << 20
    return path


@pytest.mark.parametrize("command", ["verify", "export", "merge"])
def test_a_small_file_does_not_fill_the_memory(bomb: Path, command: str, tmp_path: Path) -> None:
    output = [] if command == "verify" else ["-o", str(tmp_path / "out")]
    result = subprocess.run(
        [sys.executable, "-m", "fusefront.benchmark", command, str(bomb), *output],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY)),
    )
    assert result.returncode in (1, 2)
    assert "traces.parquet" in result.stdout + result.stderr
    assert "MiB of rows in" in result.stdout + result.stderr
    assert "Traceback" not in result.stderr


def test_tables_of_many_columns_or_row_groups_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "part.parquet"
    wide = pa.table([pa.array([0])] * (COLUMNS + 1), [f"c{i}" for i in range(COLUMNS + 1)])
    write_table(path, wide, name="part")
    with pytest.raises(DamagedFileError, match="201 columns instead of at most 200"):
        read_table(path, name="part", schema=PART)
    pq.write_table(pa.table({"run_id": ["x"] * (ROW_GROUPS + 1)}), path, row_group_size=1)
    found = excess(pa.OSFile(str(path)))
    assert found == "10001 row groups instead of at most 10000"


def test_a_long_text_in_many_rows_counts_as_often_as_it_is_repeated(tmp_path: Path) -> None:
    rows = 40_000
    schema = TABLES["problems"]
    columns = [
        _repeated("x" * 10_000, rows)
        if pa.types.is_string(field.type)
        else pa.repeat(pa.scalar(0, field.type), rows)
        for field in schema
    ]
    table = pa.table(columns, [field.name for field in schema])
    path = tmp_path / "problems.parquet"
    write_table(path, table, name="problems", use_dictionary=True)
    assert path.stat().st_size < 1 << 16
    with pytest.raises(DamagedFileError, match=r"\d+ MiB of rows in \d+ KiB"):
        read_table(path, name="problems", schema=schema)


BROKEN = {
    "run_id": ("../../x", "as a `run_id`"),
    "status": ("perfect", "as a `status`"),
    "seed": (-1, "-1 as `seed`"),
    "parameters": ("[1]", "a `parameters` that is not a JSON object"),
    "versions": ("{", "a `versions` that is not a JSON object"),
    "points": (
        [{"point": 0, "preference": [float("nan")], "space": "task"}],
        "a preference that is not in the simplex",
    ),
}


@pytest.mark.parametrize("column", BROKEN)
def test_values_that_no_writer_writes_are_not_read(
    column: str, tmp_path: Path, make_record: MakeRecord
) -> None:
    value, found = BROKEN[column]
    (row,) = record_table(make_record("ties", "p")).to_pylist()
    path = write_part(tmp_path, make_record("ties", "p"))
    write_table(path, pa.Table.from_pylist([row | {column: value}], schema=PART), name="part")
    with pytest.raises(DamagedFileError, match=found):
        read_table(path, name="part", schema=PART)
    with pytest.raises(StoreError, match=path.name):
        read(tmp_path)
    (fault,) = verify(tmp_path).faults
    assert found in fault.found


def test_labels_that_are_no_object_are_not_read(
    tmp_path: Path, make_facts: Callable[..., ProblemFacts]
) -> None:
    path = write_problem(tmp_path, make_facts("p", 2))
    table = read_table(path, name="problems", schema=TABLES["problems"])
    place = table.schema.get_field_index("labels")
    bad = table.set_column(place, table.schema.field(place), [["x"] * len(table)])
    write_table(path, bad, name="problems")
    with pytest.raises(DamagedFileError, match="`labels`"):
        read_table(path, name="problems", schema=TABLES["problems"])


def test_texts_must_be_utf_8(tmp_path: Path, make_record: MakeRecord) -> None:
    part = record_table(make_record("ties", "p"))
    place = part.schema.get_field_index("machine")
    bad = pa.array([b"\xff"]).view(pa.string())
    path = tmp_path / "part.parquet"
    write_table(path, part.set_column(place, part.schema.field(place), bad), name="part")
    with pytest.raises(DamagedFileError, match="UTF8"):
        read_table(path, name="part", schema=PART)


@pytest.mark.parametrize(
    "row",
    [
        ["../x", "p", "map", 0],
        ["id", 1, "map", 0],
        ["id", "p", None, 0],
        ["id", "p", "map", -1],
        ["id", "p", "map", 0.5],
        ["id", "p", "map", True],
        ["id", "p", "map"],
        {"id": 0, "p": 0, "map": 0, "seed": 0},
    ],
)
def test_a_planned_run_has_an_id_two_names_and_a_seed(tmp_path: Path, row: object) -> None:
    write_planned(tmp_path, [("id", "p", "map", 0)])
    assert read_planned(tmp_path) == [("id", "p", "map", 0)]
    (tmp_path / PLANNED).write_text(json.dumps([row]), encoding="utf-8")
    with pytest.raises(StoreError, match=r"planned\.json"):
        read_planned(tmp_path)
