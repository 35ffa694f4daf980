"""The footer says the same as Arrow, and no flipped bit ends in anything but an error."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fusefront.results.archive.archive import prerun_path
from fusefront.results.directory.parts import write_part
from fusefront.results.files.footer import read_footer
from fusefront.results.files.parquet import DamagedFileError, read_table
from fusefront.results.files.record import Record
from fusefront.results.files.schema import PART

KINDS = ["BOOLEAN", "INT32", "INT64", "INT96", "FLOAT", "DOUBLE", "BYTE_ARRAY"]


def _check(path: Path) -> None:
    about = pq.read_metadata(path)
    found = read_footer(pa.OSFile(str(path)))
    groups = [about.row_group(i) for i in range(about.num_row_groups)]
    chunks = [group.column(i) for group in groups for i in range(about.num_columns)]
    assert found.row_groups == len(groups)
    assert [c.name for c in found.columns] == [c.path_in_schema for c in chunks]
    assert [KINDS[c.kind] for c in found.columns] == [c.physical_type for c in chunks]
    assert [c.values for c in found.columns] == [c.num_values for c in chunks]
    assert [c.bytes for c in found.columns] == [c.total_uncompressed_size for c in chunks]


@pytest.mark.parametrize("name", ["runs", "fronts", "points", "traces", "problems"])
def test_the_footer_of_a_shipped_table_says_what_arrow_reads(name: str) -> None:
    _check(prerun_path("default") / f"{name}.parquet")


def test_the_footer_of_a_part_and_of_many_row_groups_says_what_arrow_reads(
    tmp_path: Path, make_record: Callable[..., Record]
) -> None:
    _check(write_part(tmp_path, make_record()))
    table = pa.table({"x": ["a"] * 40, "y": [[1.0, None]] * 40, "z": [True] * 40})
    pq.write_table(table, tmp_path / "many.parquet", row_group_size=2)
    _check(tmp_path / "many.parquet")


@pytest.mark.slow
def test_any_flipped_bit_of_a_footer_is_damage_or_harmless(
    tmp_path: Path, make_record: Callable[..., Record]
) -> None:
    path = write_part(tmp_path, make_record())
    whole, data = read_table(path, name="part", schema=PART), path.read_bytes()
    length = int.from_bytes(data[-8:-4], "little")
    for bit in range(8 * (len(data) - length - 8), 8 * len(data), 13):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        try:
            found = read_table(path, name="part", schema=PART)
        except DamagedFileError:
            continue
        assert found == whole
