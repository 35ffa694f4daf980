from pathlib import Path

import numpy as np
import pytest

from fusefront.errors import IntegrityError, ShapeError
from fusefront.results import references
from fusefront.results.references import ReferenceFront, load_reference, write_reference

FRONT = [[0.0, 1.0], [0.5, 0.25], [1.0, 0.0]]


def test_a_problem_without_reference_front_has_none(tmp_path: Path) -> None:
    assert load_reference("mnist-sum", tmp_path) is None


def test_a_reference_front_reads_back(tmp_path: Path) -> None:
    written = write_reference("mnist-sum", FRONT, tmp_path, "dense grid")
    front = load_reference("mnist-sum", tmp_path)
    assert front is not None
    assert (front.id, front.note, front.sha256) == ("mnist-sum:v1", "dense grid", written.sha256)
    assert front.points.tolist() == FRONT
    assert str(front) == f"mnist-sum:v1@{front.sha256[:8]}"


def test_a_front_that_is_not_stored_has_the_hash_it_would_have(tmp_path: Path) -> None:
    stored = write_reference("a", FRONT, tmp_path, "")
    front = ReferenceFront.of(FRONT[::-1], id="a:true", note="known")
    assert front.sha256 == stored.sha256
    assert front.points.tolist() == FRONT
    assert str(front) == f"a:true@{stored.sha256[:8]}"


def test_the_hash_does_not_depend_on_order_or_repetition(tmp_path: Path) -> None:
    one = write_reference("a", FRONT, tmp_path, "")
    other = write_reference("b", [*FRONT[::-1], [-0.0, 1.0]], tmp_path, "")
    assert one.sha256 == other.sha256


def test_the_hash_depends_on_the_last_bit(tmp_path: Path) -> None:
    one = write_reference("a", FRONT, tmp_path, "")
    other = write_reference("b", np.nextafter(FRONT, 2), tmp_path, "")
    assert one.sha256 != other.sha256


def test_other_points_are_a_new_version_and_the_same_are_not(tmp_path: Path) -> None:
    write_reference("a", FRONT, tmp_path, "")
    assert write_reference("a", FRONT, tmp_path, "").id == "a:v1"
    assert write_reference("a", FRONT[:2], tmp_path, "").id == "a:v2"


def test_points_with_another_hash_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as forged:
        forged.setattr(references, "_hash", lambda points: "0" * 64)
        write_reference("a", FRONT, tmp_path, "")
    with pytest.raises(IntegrityError, match="points with the hash 00000000"):
        load_reference("a", tmp_path)


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    write_reference("a", FRONT, tmp_path, "")
    path = tmp_path / "a.parquet"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(IntegrityError, match="intact reference front"):
        load_reference("a", tmp_path)


@pytest.mark.parametrize("points", [[], [1.0, 2.0], [[np.nan, 1.0]], [[]]])
def test_what_is_no_front_is_refused(points: list[object], tmp_path: Path) -> None:
    with pytest.raises(ShapeError):
        write_reference("a", points, tmp_path, "")  # type: ignore[arg-type] # the point of it


def test_points_are_read_only(tmp_path: Path) -> None:
    front = write_reference("a", FRONT, tmp_path, "")
    with pytest.raises(ValueError, match="read-only"):
        front.points[0] = 0
