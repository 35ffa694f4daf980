from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fusefront.errors import StoreError
from fusefront.results.directory.parts import (
    check_writable,
    part_ids,
    read_parts,
    read_problems,
    write_part,
    write_problem,
    write_table,
)
from fusefront.results.directory.snapshot import Snapshot
from fusefront.results.files import parquet
from fusefront.results.files.parquet import file_name, read_table, write_bytes
from fusefront.results.files.record import ProblemFacts, Record
from fusefront.results.files.schema import SCHEMA_VERSION, TABLES, record_table

MakeRecord = Callable[..., Record]
VICTIM = "two-digits-ties-1"


def _victim(directory: Path) -> Path:
    return directory / "parts" / f"{VICTIM}.parquet"


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _flip(path: Path, place: int = 60) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


def _foreign(path: Path) -> None:
    path.write_text("not Parquet at all")


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _anothers(path: Path) -> None:
    path.write_bytes(path.with_name("two-digits-ties-0.parquet").read_bytes())


def _other_table(path: Path) -> None:
    write_table(path, TABLES["scores"].empty_table(), name="scores")


def test_parts_read_back_as_they_were_written(tmp_path: Path, make_record: MakeRecord) -> None:
    records = [make_record(seed=seed) for seed in (1, 0)]
    for record in records:
        write_part(tmp_path, record)
    assert part_ids(tmp_path) == ["two-digits-ties-0", "two-digits-ties-1"]
    assert read_parts(tmp_path) == [record_table(record) for record in reversed(records)]


def test_writing_a_run_again_replaces_its_part(tmp_path: Path, make_record: MakeRecord) -> None:
    write_part(tmp_path, make_record(status="failed"))
    write_part(tmp_path, make_record())
    (table,) = read_parts(tmp_path)
    assert table["status"].to_pylist() == ["done"]


def test_a_directory_without_parts_has_none(tmp_path: Path) -> None:
    assert part_ids(tmp_path) == []
    assert read_parts(tmp_path) == []


@pytest.mark.parametrize("damage", [_cut, _flip, _foreign, _empty, _anothers, _other_table])
def test_a_damaged_part_is_named_and_the_rest_intact(
    run_directory: Path, damage: Callable[[Path], None]
) -> None:
    damage(_victim(run_directory))
    with pytest.raises(StoreError, match=rf"`parts/{VICTIM}.parquet` must be an intact") as caught:
        read_parts(run_directory)
    assert "Every other run is intact" in str(caught.value)
    assert "fusefront run" in str(caught.value)
    assert str(caught.value).count("parts/") == 1


def test_every_damaged_part_is_named_at_once(run_directory: Path) -> None:
    for path in sorted((run_directory / "parts").iterdir())[:2]:
        _cut(path)
    with pytest.raises(StoreError, match=r"average-0.parquet`, `parts/two-digits-average-1"):
        read_parts(run_directory)


def test_any_flipped_bit_is_detected_or_harmless(tmp_path: Path, make_record: MakeRecord) -> None:
    path = write_part(tmp_path, make_record())
    whole, data = read_parts(tmp_path), path.read_bytes()
    for place in range(0, len(data), 37):
        path.write_bytes(data)
        _flip(path, place)
        found = read_parts(tmp_path) if Snapshot(tmp_path).set_aside_damaged() == [] else whole
        assert found == whole


def test_damaged_parts_are_set_aside_and_can_be_written_again(
    run_directory: Path, make_record: MakeRecord
) -> None:
    _cut(_victim(run_directory))
    damaged = _victim(run_directory).with_name(f"{VICTIM}.parquet.damaged")
    assert Snapshot(run_directory).set_aside_damaged() == [damaged]
    assert damaged.exists()
    assert VICTIM not in part_ids(run_directory)
    assert len(read_parts(run_directory)) == 5
    write_part(run_directory, make_record(seed=1))
    assert Snapshot(run_directory).set_aside_damaged() == []
    assert len(read_parts(run_directory)) == 6


def test_a_damaged_problem_table_is_named_and_set_aside(run_directory: Path) -> None:
    (path,) = (run_directory / "problems").iterdir()
    _cut(path)
    with pytest.raises(StoreError, match=r"`problems/two-digits.parquet` must be an intact"):
        read_problems(run_directory)
    assert [p.name for p in Snapshot(run_directory).set_aside_damaged()] == [
        "two-digits.parquet.damaged"
    ]


def test_a_newer_schema_asks_for_an_upgrade_and_is_not_touched(
    run_directory: Path, make_record: MakeRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as newer:
        newer.setattr(parquet, "SCHEMA_VERSION", SCHEMA_VERSION + 1)
        write_part(run_directory, make_record(seed=1))
    for read in (read_parts, Snapshot):
        with pytest.raises(StoreError, match=rf"Found {SCHEMA_VERSION + 1}.*Upgrade: `pip install"):
            read(run_directory)
    assert _victim(run_directory).exists()


def test_left_over_temporary_files_are_ignored(run_directory: Path) -> None:
    (run_directory / "parts" / f".{VICTIM}.parquet.0123.tmp").write_bytes(b"half")
    assert len(read_parts(run_directory)) == len(part_ids(run_directory)) == 6


def test_no_temporary_file_is_left(run_directory: Path) -> None:
    check_writable(run_directory)
    assert {path.suffix for path in (run_directory / "parts").iterdir()} == {".parquet"}


def test_a_failed_write_leaves_the_old_file_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.json"
    write_bytes(path, b"old")

    def no_space(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", no_space)
    with pytest.raises(StoreError, match=r"No space left on device. Free some space"):
        write_bytes(path, b"new")
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"old"]


@pytest.mark.parametrize("place", ["file/inside", "file", "/proc/fusefront"])
def test_unwritable_directory_is_reported_early(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="must be writable"):
        check_writable(tmp_path / place)


def test_a_new_directory_is_made(tmp_path: Path) -> None:
    check_writable(tmp_path / "deep" / "inside")
    assert list((tmp_path / "deep" / "inside" / "parts").iterdir()) == []


def test_a_file_that_cannot_be_read_is_not_called_damaged(tmp_path: Path) -> None:
    (tmp_path / "parts" / "x.parquet").mkdir(parents=True)
    for read in (read_parts, Snapshot):
        with pytest.raises(StoreError, match="must be readable"):
            read(tmp_path)


def test_problem_facts_read_back(tmp_path: Path, make_facts: Callable[..., ProblemFacts]) -> None:
    facts = make_facts("digits[n=100]/a")
    path = write_problem(tmp_path, facts)
    rows = read_table(path, name="problems", schema=TABLES["problems"]).to_pylist()
    assert path.parent == tmp_path / "problems"
    assert len(rows) == len(facts.anchors)
    assert rows[0] == facts.anchors[0]._asdict() | {
        "problem": facts.problem,
        "problem_hash": facts.problem_hash,
        "labels": facts.labels,
    }


@pytest.mark.parametrize("name", ["../../etc", "a/b", ".hidden", "a%2Fb", "plain", "x[k=1,l=2]"])
def test_file_names_stay_in_their_folder_and_apart(name: str) -> None:
    assert "/" not in file_name(name)
    assert not file_name(name).startswith(".")
    assert (file_name(name) == name) == (name in {"plain", "x[k=1,l=2]"})


def test_several_heads_look_whether_a_directory_is_writable_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as heads:
        list(heads.map(check_writable, [tmp_path] * 200))
    assert list((tmp_path / "parts").iterdir()) == []
