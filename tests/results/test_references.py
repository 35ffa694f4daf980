from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.results.conftest import results_of

from fusefront import SUITES
from fusefront.errors import IntegrityError, ShapeError
from fusefront.results import references
from fusefront.results.files.record import Record
from fusefront.results.files.schema import record_table
from fusefront.results.leave_one_out import SPACING, Supply
from fusefront.results.references import (
    REFERENCE_FRONTS,
    ReferenceFront,
    freeze,
    load_reference,
    write_reference,
    write_supply,
)

SAMPLES = Path(__file__).parent / "samples" / "reference_fronts"
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


SUPPLY = Supply.of([[0.0, 1.0], [0.5, 0.25], [0.6, 0.5], [1.0, 0.0]], ["a", "a", "b", "b"])


def test_suppliers_read_back(tmp_path: Path) -> None:
    written = write_supply("mnist-sum", SUPPLY, tmp_path, "three runs")
    front = load_reference("mnist-sum", tmp_path)
    assert front is not None
    assert (str(front), front.note) == (str(written), "three runs")
    assert front.supply is not None
    assert front.supply.suppliers == SUPPLY.suppliers
    assert front.supply.points.tolist() == [[0.0, 1.0], [0.5, 0.25], [0.6, 0.5], [1.0, 0.0]]
    assert front.points.tolist() == FRONT


def test_each_algorithm_is_measured_without_its_own_points(tmp_path: Path) -> None:
    front = write_supply("p", SUPPLY, tmp_path, "")
    for algorithm, others in (
        ("a", [[0.6, 0.5], [1.0, 0.0]]),
        ("b", [[0.0, 1.0], [0.5, 0.25]]),
        ("another", FRONT),
    ):
        first, second = front.yardsticks(algorithm)
        assert (first[0], first[1].tolist()) == (f"{front} (leave-one-out)", others)
        assert (second[0], second[1].tolist()) == (str(front), FRONT)


def test_a_front_of_one_supplier_cannot_leave_it_out() -> None:
    supply = Supply.of(FRONT, ["a", "a", "a"])
    front = ReferenceFront.of_supply(supply, id="p:v1", note="")
    assert [name for name, _ in front.yardsticks("a")] == [str(front)]


def test_fronts_without_suppliers_are_used_as_they_are(tmp_path: Path) -> None:
    dense = [[x / 1000, 1 - x / 1000] for x in range(1001)]
    front = write_reference("p", dense, tmp_path, "")
    ((name, points),) = front.yardsticks("a")
    assert (name, len(points)) == (str(front), 1001)


def test_files_of_earlier_versions_are_read() -> None:
    """Written before suppliers were stored, and never rewritten."""
    front = load_reference("digits-mnist-optdigits", SAMPLES)
    assert front is not None
    assert str(front) == "digits-mnist-optdigits:v1@9b5f7e8a"
    assert front.supply is None
    assert front.points.shape == (23, 2)


def test_the_hash_depends_on_the_suppliers() -> None:
    other = Supply.of(SUPPLY.points.tolist(), ["a", "b", "b", "b"])
    one, two = (ReferenceFront.of_supply(s, id="p:v1", note="") for s in (SUPPLY, other))
    assert one.points.tolist() == two.points.tolist()
    assert one.sha256 != two.sha256


def test_forged_suppliers_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as forged:
        forged.setattr(references, "_hash_supply", lambda supply: "0" * 64)
        write_supply("a", SUPPLY, tmp_path, "")
    with pytest.raises(IntegrityError, match="points with the hash 00000000"):
        load_reference("a", tmp_path)


def test_freezing_keeps_what_each_front_needs(
    tmp_path: Path, make_record: Callable[..., Record]
) -> None:
    fronts = {"best": [[0.0, 0.5], [0.5, 0.0]], "second": [[0.1, 0.6], [0.9, 0.9]]}
    parts = [
        record_table(make_record(name, "p", seed, objectives=objectives))
        for name, objectives in fronts.items()
        for seed in range(2)
    ]
    parts.append(record_table(make_record("third", "p", status="failed")))
    results = results_of(parts)
    ((problem, front),) = freeze(results, tmp_path)
    assert problem == "p"
    assert front.points.tolist() == [[0.0, 0.5], [0.5, 0.0]]
    assert front.yardsticks("best")[0][1].tolist() == [[0.1, 0.6]]
    assert front.note.startswith("test points of 4 runs")
    assert [str(again) for _, again in freeze(results, tmp_path)] == [str(front)]


@pytest.mark.parametrize("problem", SUITES["smoke"].load().problems)
def test_the_suite_that_takes_a_minute_has_reference_fronts(problem: str) -> None:
    front = load_reference(problem)
    assert front is not None
    assert front.supply is not None
    assert len(front.supply.algorithms) > 5


@pytest.mark.parametrize("path", sorted(REFERENCE_FRONTS.glob("*.parquet")), ids=lambda p: p.stem)
def test_shipped_fronts_are_even_and_nobody_is_measured_against_itself(path: Path) -> None:
    front = load_reference(path.stem)
    assert front is not None
    assert front.supply is not None
    both = zip(front.supply.points.tolist(), front.supply.suppliers, strict=True)
    own = {tuple(point): names for point, names in both}
    for algorithm in front.supply.algorithms:
        (_, others), (_, whole) = front.yardsticks(algorithm)
        assert all(own[tuple(point)] != (algorithm,) for point in others.tolist())
        for points in (others, whole):
            gaps = np.linalg.norm(np.minimum(points, 1)[:, None] - np.minimum(points, 1), axis=2)
            assert gaps[~np.eye(len(points), dtype=bool)].min() >= SPACING
