"""Reference fronts: frozen, versioned, hashed, and shown with every number that depends on them."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from ..errors import IntegrityError, ShapeError, StoreError
from ..metrics.nondominated import nondominated
from .files.parquet import DamagedFileError, file_name, read_table, write_table
from .results import Results

REFERENCE_FRONTS = Path(__file__).parent / "reference_fronts"

_SCHEMA = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("sha256", pa.string(), nullable=False),
        pa.field("note", pa.string(), nullable=False),
        pa.field("objective", pa.list_(pa.float64()), nullable=False),
    ]
)


@final
@dataclass(frozen=True, kw_only=True)
class ReferenceFront:
    """A reference front with its id and hash.

    `points` is `(n, m)` objectives, minimised, sorted and read-only. `sha256` is the digest of
    their canonical form.
    """

    id: str
    sha256: str
    points: NDArray[np.float64]
    note: str = ""

    @classmethod
    def of(cls, points: ArrayLike, *, id: str, note: str) -> "ReferenceFront":
        """Make a front of `(n, m)` points, which are put into canonical form and hashed."""
        array = canonical(points)
        return cls(id=id, sha256=_hash(array), points=array, note=note)

    def __str__(self) -> str:
        """Return the text that is shown with numbers, such as `mnist-sum:v1@1f2e3d4c`."""
        return f"{self.id}@{self.sha256[:8]}"


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
        table = read_table(path, name="reference", schema=_SCHEMA)
    except DamagedFileError as error:
        raise IntegrityError(
            f"`{path}` must be an intact reference front. Found {error}. Reinstall fusefront."
        ) from error
    columns = table.to_pydict()
    points = canonical(columns["objective"])
    sha256 = _hash(points)
    if set(columns["sha256"]) != {sha256}:
        raise IntegrityError(
            f"`{path}` must contain points with the hash {columns['sha256'][0][:8]}. "
            f"Found {sha256[:8]}. Reinstall fusefront."
        )
    return ReferenceFront(
        id=columns["id"][0], sha256=sha256, points=points, note=columns["note"][0]
    )


def write_reference(problem: str, points: ArrayLike, directory: Path, note: str) -> ReferenceFront:
    """Store a reference front as the next version, or keep the present one if it is equal.

    Args:
        problem: Name of the problem. Ids are `<problem>:v1`, `<problem>:v2` and so on.
        points: `(n, m)` nondominated objectives, minimised. Dominance is not checked.
        directory: The folder of `<problem>.parquet`.
        note: The origin of the points.
    """
    array = canonical(points)
    sha256 = _hash(array)
    old = load_reference(problem, directory)
    if old is not None and old.sha256 == sha256:
        return old
    version = 1 if old is None else _version(old) + 1
    front = ReferenceFront(id=f"{problem}:v{version}", sha256=sha256, points=array, note=note)
    common = {"id": front.id, "sha256": front.sha256, "note": note}
    rows = [common | {"objective": point} for point in array.tolist()]
    path = directory / f"{file_name(problem)}.parquet"
    table = pa.Table.from_pylist(rows, schema=_SCHEMA)
    write_table(path, table, name="reference", use_dictionary=True)
    return front


def _hash(points: NDArray[np.float64]) -> str:
    shape = "x".join(map(str, points.shape))
    return hashlib.sha256(shape.encode() + b":" + points.tobytes()).hexdigest()


def _version(front: ReferenceFront) -> int:
    number = front.id.rpartition(":v")[2]
    if not number.isdigit():
        raise StoreError(
            f"The id of a reference front must end in `:v1` or the like. Found `{front.id}`. "
            "Move the file away."
        )
    return int(number)


def freeze(results: Results, directory: Path) -> Iterator[tuple[str, ReferenceFront]]:
    """Write the nondominated test points of all done runs of each problem.

    The union contains points of every algorithm and seed, selected by test results. It is a
    yardstick, not a set that an algorithm could return. A new version changes the IGD of all
    results.
    """
    done = results.runs[results.runs["status"] == "done"]
    fronts = results.fronts[results.fronts["run_id"].isin(done["run_id"])]
    for problem, rows in fronts.groupby("problem", sort=False):
        tasks = list(dict.fromkeys(rows["task"]))
        points = rows["objective"].to_numpy(dtype=np.float64).reshape(-1, len(tasks))
        points = points[nondominated(points)]
        runs = done[done["problem"] == problem]
        note = (
            f"nondominated test points of {len(runs)} runs: "
            f"{', '.join(sorted(runs['display_name'].unique()))}"
        )
        yield str(problem), write_reference(str(problem), points, directory, note)
