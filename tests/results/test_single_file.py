"""Single files: they are reproducible, read back the same, and contain only what was packed."""

import io
import json
import random
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from fusefront.errors import IntegrityError, StoreError
from fusefront.results.archive.archive import FILES
from fusefront.results.archive.zip_file import damaged_entries, extracted, pack_single
from fusefront.results.load import open_results, read, read_archive
from fusefront.results.results import Results

Change = Callable[[dict[str, bytes]], dict[str, bytes]]


@pytest.fixture
def single(tmp_path: Path, results: Results) -> Path:
    return pack_single(results, tmp_path / "results.zip", note="mine")


def _contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _rewrite(path: Path, entries: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)


def test_a_single_file_reads_back_bit_for_bit(single: Path, results: Results) -> None:
    with open_results(single) as folder:
        again = read_archive(folder)
        place = folder
    for name in FILES:
        pd.testing.assert_frame_equal(getattr(again, name), getattr(results, name))
    assert not place.exists()


def test_equal_results_make_equal_bytes(
    single: Path, run_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time", lambda: 2e9)
    other = pack_single(read(run_directory), single.with_name("other.zip"), note="mine")
    assert other.read_bytes() == single.read_bytes()
    third = pack_single(read(run_directory), single.with_name("third.zip"), note="yours")
    assert third.read_bytes() != single.read_bytes()


def test_the_manifest_is_dated_by_the_newest_run(single: Path, results: Results) -> None:
    content = json.loads(_contents(single)["manifest.json"])
    assert content["created"] == max(results.runs["started"])
    assert set(content["bytes"]) == set(content["files"])


def test_entries_are_stored_of_one_date_and_known_names(single: Path) -> None:
    with zipfile.ZipFile(single) as archive:
        infos = archive.infolist()
    assert [info.filename for info in infos] == [
        "manifest.json",
        *(f"{name}.parquet" for name in (*FILES, "outcomes")),
    ]
    assert {info.compress_type for info in infos} == {zipfile.ZIP_STORED}
    assert {info.date_time for info in infos} == {(1980, 1, 1, 0, 0, 0)}


def test_a_single_file_is_never_written_over(single: Path, results: Results) -> None:
    before = single.read_bytes()
    with pytest.raises(StoreError, match="must be new"):
        pack_single(results, single, note="again")
    assert single.read_bytes() == before


def _escape(entries: dict[str, bytes]) -> dict[str, bytes]:
    return entries | {"../escaped.parquet": b"x"}


def _absolute(entries: dict[str, bytes]) -> dict[str, bytes]:
    return entries | {"/tmp/escaped.parquet": b"x"}


def _missing(entries: dict[str, bytes]) -> dict[str, bytes]:
    return {name: data for name, data in entries.items() if name != "fronts.parquet"}


def _longer(entries: dict[str, bytes]) -> dict[str, bytes]:
    return entries | {"fronts.parquet": entries["fronts.parquet"] + b"\0" * 1000}


def _other(entries: dict[str, bytes]) -> dict[str, bytes]:
    return entries | {"fronts.parquet": b"\0" * len(entries["fronts.parquet"])}


def _huge_manifest(entries: dict[str, bytes]) -> dict[str, bytes]:
    return entries | {"manifest.json": b" " * ((1 << 20) + 1) + entries["manifest.json"]}


def _without_sizes(entries: dict[str, bytes]) -> dict[str, bytes]:
    content = json.loads(entries["manifest.json"])
    del content["bytes"]
    return entries | {"manifest.json": json.dumps(content).encode()}


def _nested(entries: dict[str, bytes]) -> dict[str, bytes]:
    return entries | {"manifest.json": b"[" * 100_000}


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (_escape, "an entry '../escaped.parquet'"),
        (_absolute, "an entry '/tmp/escaped.parquet'"),
        (_missing, "no entry fronts.parquet"),
        (_longer, "bytes instead of"),
        (_other, "`fronts.parquet` in .* sha256"),
        (_huge_manifest, "a manifest of 104"),
        (_without_sizes, "bytes instead of None"),
        (_nested, "not JSON"),
    ],
)
def test_other_entries_are_refused_and_nothing_is_written(
    single: Path, change: Change, found: str
) -> None:
    _rewrite(single, change(_contents(single)))
    with pytest.raises(IntegrityError, match=found), extracted(single):
        pass
    assert [path.name for path in single.parent.glob("escaped*")] == []


def test_compressed_entries_are_refused_unread(single: Path) -> None:
    bomb = _contents(single) | {"fronts.parquet": b"\0" * 10_000_000}
    _rewrite(single, bomb, zipfile.ZIP_DEFLATED)
    assert single.stat().st_size < 100_000
    with pytest.raises(IntegrityError, match="compressed or encrypted"), extracted(single):
        pass


def test_an_entry_twice_is_refused(single: Path) -> None:
    data = _contents(single)["fronts.parquet"]
    with (
        zipfile.ZipFile(single, "a") as archive,
        pytest.warns(UserWarning, match="Duplicate name"),
    ):
        archive.writestr("fronts.parquet", data)
    with pytest.raises(IntegrityError, match="an entry twice"), extracted(single):
        pass


def test_entries_that_overlap_are_refused(single: Path) -> None:
    """An uncompressed zip bomb: every entry of its directory is the whole file."""
    data = bytearray(single.read_bytes())
    start = data.index(b"PK\x01\x02")
    while data[start : start + 4] == b"PK\x01\x02":
        struct.pack_into("<II", data, start + 20, len(data) - 10, len(data) - 10)
        lengths = struct.unpack_from("<HHH", data, start + 28)
        start += 46 + sum(lengths)
    single.write_bytes(data)
    with pytest.raises(IntegrityError, match="larger than the file"), extracted(single):
        pass


def test_any_damage_is_detected_or_harmless(single: Path, results: Results) -> None:
    data, dice = single.read_bytes(), random.Random(0)
    for _ in range(150):
        damaged = bytearray(data)
        damaged[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        single.write_bytes(damaged)
        try:
            bad = damaged_entries(single)
        except IntegrityError:
            continue
        if not bad:
            with open_results(single) as folder:
                assert read(folder).fronts.equals(results.fronts)


@pytest.mark.parametrize("length", [0, 10, 1000, -1])
def test_a_cut_file_is_refused(single: Path, length: int) -> None:
    single.write_bytes(single.read_bytes()[:length])
    with pytest.raises(IntegrityError, match="not an intact zip"), extracted(single):
        pass


def test_another_zip_is_refused(tmp_path: Path) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("holiday.jpg", b"x")
    path = tmp_path / "holiday.zip"
    path.write_bytes(data.getvalue())
    with pytest.raises(IntegrityError, match=r"an entry 'holiday.jpg'"), extracted(path):
        pass
