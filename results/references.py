"""Reference fronts: frozen, versioned, hashed, and shown with every number that depends on them.

Fronts of this version know the suppliers of their points, so that an algorithm can be measured
against the points of all others. Older files have points alone; they are read and used as before.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import ArrayLike, NDArray

from ..errors import IntegrityError, ShapeError, StoreError
from .files.parquet import DamagedFileError, file_name, read_table, write_table
from .leave_one_out import SPACING, WORST, Supply, thinned
from .results import Results

REFERENCE_FRONTS = Path(__file__).parent / "reference_fronts"
LEAVE_ONE_OUT: Final = " (leave-one-out)"
"""Follows the name of a front where each algorithm is measured without its own points."""

_SCHEMA = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("sha256", pa.string(), nullable=False),
        pa.field("note", pa.string(), nullable=False),
        pa.field("objective", pa.list_(pa.float64()), nullable=False),
    ]
)
_SUPPLIED = _SCHEMA.append(pa.field("suppliers", pa.list_(pa.string()), nullable=False))


@final
@dataclass(frozen=True, kw_only=True)
class ReferenceFront:
    """A reference front with its id and hash.

    `points` is `(n, m)` objectives, minimised, sorted and read-only. `sha256` is the digest of
    their canonical form; with a `supply`, of everything that the fronts of `yardsticks` depend on.
    """

    id: str
    sha256: str
    points: NDArray[np.float64]
    note: str = ""
    supply: Supply | None = None

    @classmethod
    def of(cls, points: ArrayLike, *, id: str, note: str) -> "ReferenceFront":
        """Make a front of `(n, m)` points, which are put into canonical form and hashed."""
        array = canonical(points)
        return cls(id=id, sha256=_hash(array), points=array, note=note)

    @classmethod
    def of_supply(cls, supply: Supply, *, id: str, note: str) -> "ReferenceFront":
        """Make a front of points with known suppliers."""
        points = canonical(supply.front())
        return cls(id=id, sha256=_hash_supply(supply), points=points, note=note, supply=supply)

    def __str__(self) -> str:
        """Return the text that is shown with numbers, such as `mnist-sum:v1@1f2e3d4c`."""
        return f"{self.id}@{self.sha256[:8]}"

    def yardsticks(self, algorithm: str) -> list[tuple[str, NDArray[np.float64]]]:
        """Return the fronts that a run of an algorithm is measured against, with their names.

        With a supply, the first front is that of all other algorithms, unless there are none. The
        second is that of all. Both are thinned. Names do not depend on the algorithm, so that the
        scores of one name can be compared. Without a supply there is one front, `points`.
        """
        if self.supply is None:
            return [(str(self), self.points)]
        whole = [(str(self), thinned(self.points))]
        if len(self.supply.algorithms) < 2:
            return whole
        return [(f"{self}{LEAVE_ONE_OUT}", thinned(self.supply.without(algorithm))), *whole]


def canonical(points: ArrayLike) -> NDArray[np.float64]:
    """Return the distinct rows in lexicographic order, as little-endian float64.

    Equal fronts then have equal bytes, and so equal hashes, on every machine.
    """
    array = np.array(points, dtype="<f8")
    if array.ndim != 2 or array.size == 0 or not np.isfinite(array).all():
        raise ShapeError(
            f"`points` must be (n, m) finite objectives, n and m at least 1. Found {array.shape=}."
        )
    array = np.unique(array + 0.0, axis=0)  # + 0.0 turns -0.0 into 0.0, which has other bytes
    array.setflags(write=False)
    return array


def load_reference(problem: str, directory: Path = REFERENCE_FRONTS) -> ReferenceFront | None:
    """Read the reference front of a problem; return None if it has none.

    Raises:
        IntegrityError: If the points do not have the stored hash.
    """
    path = directory / f"{file_name(problem)}.parquet"
    if not path.exists():
        return None
    try:
        table = read_table(path, name="reference", schema=_schema_of(path))
    except DamagedFileError as error:
        raise IntegrityError(
            f"`{path}` must be an intact reference front. Found {error}. Reinstall fusefront."
        ) from error
    front = _front_of(table.to_pydict())
    stored = table.column("sha256").unique().to_pylist()
    if stored != [front.sha256]:
        raise IntegrityError(
            f"`{path}` must contain points with the hash {stored[0][:8]}. "
            f"Found {front.sha256[:8]}. Reinstall fusefront."
        )
    return front


def _schema_of(path: Path) -> pa.Schema:
    """Return the schema of files with suppliers, or that of older ones."""
    try:
        names = pq.read_schema(path).names
    except (pa.ArrowException, OSError):
        return _SCHEMA  # damaged: the reader of tables reports how
    return _SUPPLIED if "suppliers" in names else _SCHEMA


def _front_of(columns: dict[str, list[Any]]) -> ReferenceFront:
    id, note = columns["id"][0], columns["note"][0]
    if "suppliers" not in columns:
        return ReferenceFront.of(columns["objective"], id=id, note=note)
    supply = Supply(
        points=np.array(columns["objective"], dtype=np.float64),
        suppliers=tuple(tuple(names) for names in columns["suppliers"]),
    )
    return ReferenceFront.of_supply(supply, id=id, note=note)


def write_reference(problem: str, points: ArrayLike, directory: Path, note: str) -> ReferenceFront:
    """Store a front of unknown suppliers as the next version, or keep the present one if equal.

    Args:
        problem: Name of the problem. Ids are `<problem>:v1`, `<problem>:v2` and so on.
        points: `(n, m)` nondominated objectives, minimised. Dominance is not checked.
        directory: The folder of `<problem>.parquet`.
        note: The origin of the points.
    """
    return _write(problem, ReferenceFront.of(points, id="", note=note), directory)


def write_supply(problem: str, supply: Supply, directory: Path, note: str) -> ReferenceFront:
    """Store a front with its suppliers, as `write_reference` does."""
    return _write(problem, ReferenceFront.of_supply(supply, id="", note=note), directory)


def _write(problem: str, front: ReferenceFront, directory: Path) -> ReferenceFront:
    old = load_reference(problem, directory)
    if old is not None and old.sha256 == front.sha256:
        return old
    version = 1 if old is None else _version(old) + 1
    front = replace(front, id=f"{problem}:v{version}")
    common = {"id": front.id, "sha256": front.sha256, "note": front.note}
    if front.supply is None:
        schema, rows = _SCHEMA, [common | {"objective": point} for point in front.points.tolist()]
    else:
        points = zip(front.supply.points.tolist(), front.supply.suppliers, strict=True)
        schema = _SUPPLIED
        rows = [common | {"objective": point, "suppliers": names} for point, names in points]
    path = directory / f"{file_name(problem)}.parquet"
    table = pa.Table.from_pylist(rows, schema=schema)
    write_table(path, table, name="reference", use_dictionary=True)
    return front


def _hash(points: NDArray[np.float64]) -> str:
    shape = "x".join(map(str, points.shape))
    return hashlib.sha256(shape.encode() + b":" + points.tobytes()).hexdigest()


def _hash_supply(supply: Supply) -> str:
    """Return a digest of the points, their suppliers, and the rule by which fronts are thinned."""
    points = np.ascontiguousarray(supply.points, dtype="<f8")
    rule = {"spacing": SPACING, "worst": WORST, "suppliers": supply.suppliers}
    return hashlib.sha256(_hash(points).encode() + json.dumps(rule).encode()).hexdigest()


def _version(front: ReferenceFront) -> int:
    number = front.id.rpartition(":v")[2]
    if not number.isdigit():
        raise StoreError(
            f"The id of a reference front must end in `:v1` or the like. Found `{front.id}`. "
            "Move the file away."
        )
    return int(number)


def freeze(results: Results, directory: Path) -> Iterator[tuple[str, ReferenceFront]]:
    """Write the reference front of each problem, made of the test points of all done runs.

    The points are those of every algorithm and seed, selected by test results. They are a
    yardstick, not a set that an algorithm could return. A new version changes the IGD of all
    results.
    """
    done = results.runs[results.runs["status"] == "done"]
    fronts = results.fronts[results.fronts["run_id"].isin(done["run_id"])]
    for problem, rows in fronts.groupby("problem", sort=False):
        tasks = rows["task"].nunique()
        points = rows["objective"].to_numpy(dtype=np.float64).reshape(-1, tasks)
        supply = Supply.of(points, rows["algorithm"].iloc[::tasks].tolist())
        runs = done[done["problem"] == problem]
        note = (
            f"test points of {len(runs)} runs that are nondominated, or become so without one "
            f"algorithm: {', '.join(sorted(runs['algorithm'].unique()))}"
        )
        yield str(problem), write_supply(str(problem), supply, directory, note)
