"""Scores: every registered metric of every done run, derived from raw values or kept.

Scores are kept with compacted tables, together with a fingerprint of the code that derived them. If
it is unchanged, only new runs are scored.
"""

import os
from collections.abc import Iterator, Mapping
from functools import cache, partial
from hashlib import sha256
from importlib import metadata
from inspect import getsourcefile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import fusefront

from ...entry import Entry
from ...errors import ParameterError, StoreError, UnknownNameError
from ...metrics import METRICS
from ...metrics.base import Inputs, Metric, evaluate
from ...problems import PROBLEMS
from ...results.directory.parts import PARTS
from ...results.directory.snapshot import Snapshot, by_run
from ...results.files.schema import from_frame
from ...results.load import read
from ...results.references import ReferenceFront, load_reference
from ...results.results import Results
from ...sources import source_hash
from ..study.parameters import split_spec
from ..study.problem_spec import ProblemSpec

if TYPE_CHECKING:
    import pandas as pd

REF_POINTS: Final = (1.0, 1.1)
"""The reference points of hypervolume, the same in every objective: the pretrained model, and a
tenth beyond it, which gives credit to points that match the pretrained model in one task."""

_DECIMALS: Final = 9
"""Decimals to which objectives of a true front are rounded, so that the last bits of another
machine's functions do not change its hash."""
_PACKAGE: Final = Path(fusefront.__file__).parent
_LIBRARIES: Final = ("numpy", "pymoo", "scipy")
_READ: Final = (".py", ".parquet")
"""Endings of the files that are hashed: source code, and reference fronts."""


Yardsticks: TypeAlias = "list[tuple[str, np.ndarray[Any, np.dtype[np.float64]]]]"
"""Reference fronts with their names, which distinguish scores."""

_COLUMNS: Final = (
    *("run_id", "problem", "algorithm", "display_name", "seed"),
    *("metric", "value", "reference"),
)


def load(path: Path) -> Results:
    """Load a run directory or an archive; scores are derived when they are first used.

    Raises:
        StoreError: If there are no results, or one of their files is damaged.
    """
    if (path / PARTS).is_dir():
        return load_directory(Snapshot(path))
    results = read(path)
    return results.with_tables(scores=partial(_derived, results))


def load_directory(snapshot: Snapshot) -> Results:
    """Load a run directory; only runs without compacted scores are scored again."""
    results = snapshot.results()
    return results.with_tables(scores=partial(_completed, results, snapshot))


def derive_scores(results: Results) -> "pd.DataFrame":
    """Return the scores table: one row per done run, metric and reference.

    A metric that needs a reference front is left out where the problem has none. The first score
    of such a metric is measured without the algorithm's own points, if the front knows whose they
    are, and the second with them. Metrics expect values that grow with quality, so losses are
    negated.
    """
    import pandas as pd

    entries = [(entry, entry.load()) for entry in METRICS]
    experts = _expert_values(results.problems)
    negated = _loss_valued(results.problems)
    reference = cache(_reference)

    @cache
    def yardsticks(problem: str, problem_hash: str, algorithm: str) -> Yardsticks:
        front = reference(problem, problem_hash)
        return [] if front is None else front.yardsticks(algorithm)

    fronts = dict(tuple(results.fronts.groupby("run_id", sort=False)))
    rows: list[tuple[object, ...]] = []
    done = results.runs[results.runs["status"] == "done"]
    records: list[dict[str, Any]] = done.to_dict("records")  # type: ignore[assignment]
    for run in records:
        problem = run["problem"], run["problem_hash"]
        if problem not in experts:
            raise StoreError(
                f"The problem table of `{run['problem']}` must have the anchors of its runs. "
                "Found none. Repeat the same `fusefront run` command, which writes them again."
            )
        sign = -1.0 if problem in negated else 1.0
        inputs = _inputs(run, fronts[run["run_id"]], experts[problem], sign)
        identity = tuple(run[column] for column in _COLUMNS[:5])
        fronts_of_others = yardsticks(*problem, run["algorithm"])
        for entry, metric in entries:
            for value, used in _values(entry, metric, inputs, fronts_of_others):
                rows.append((*identity, entry.name, value, used))
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def _values(
    entry: Entry[Metric], metric: Metric, inputs: Inputs, yardsticks: Yardsticks
) -> Iterator[tuple[float, str]]:
    """Yield the values of a metric for a run, each with the reference it was measured against."""
    kind = entry.labels.get("reference", "none")
    needed: list[tuple[str, dict[str, Any]]] = [("", {})]
    if kind == "ref_point":
        m = inputs.points.shape[1]
        needed = [(f"ref_point={x}", {"ref_point": np.full(m, x)}) for x in REF_POINTS]
    elif kind == "front":
        needed = [(name, {"front": front}) for name, front in yardsticks]
    for reference, arguments in needed:
        value = evaluate(metric, inputs, **arguments)
        if value is not None:
            yield value, reference


def _reference(problem: str, problem_hash: str) -> ReferenceFront | None:
    """Return the stored reference front, else the true front of a problem that knows it.

    Only problems whose labels say so are loaded. The true front is used only if the problem still
    has the hash with which it was run, since results outlive changes of parameters and formulas.
    """
    stored = load_reference(problem)
    name = split_spec(problem, "A problem")[0]
    if stored is not None or name not in PROBLEMS or not _knows_front(PROBLEMS[name].labels):
        return stored
    try:
        known = ProblemSpec.parse(problem).load()
    except (UnknownNameError, ParameterError):
        return None
    front = known.true_front() if known.hash() == problem_hash else None
    if front is None:
        return None
    rounded = np.round(front, _DECIMALS)
    return ReferenceFront.of(rounded, id=f"{problem}:true", note="sample of the true front")


def _knows_front(labels: Mapping[str, str]) -> bool:
    return "front" in labels or labels.get("modality") == "analytic"


def _inputs(
    run: dict[str, Any], front: "pd.DataFrame", expert: dict[str, float], sign: float
) -> Inputs:
    tasks = list(dict.fromkeys(front["task"]))

    def matrix(column: str) -> np.ndarray[Any, np.dtype[np.float64]]:
        return front[column].to_numpy(dtype=np.float64).reshape(-1, len(tasks))

    preferences = np.array(front["preference"].to_list()[:: len(tasks)], dtype=np.float64)
    return Inputs(
        points=matrix("objective"),
        preferences=preferences,
        values=sign * matrix("value"),
        losses=matrix("loss"),
        expert_values=sign * np.array([expert[task] for task in tasks]),
        run=run,
    )


def _loss_valued(problems: "pd.DataFrame") -> set[tuple[str, str]]:
    """Return problems, with hashes, whose values are losses: these are known without examples."""
    rows = problems[problems["n"] == 0]
    return set(zip(rows["problem"], rows["problem_hash"], strict=True))


def _expert_values(problems: "pd.DataFrame") -> dict[tuple[str, str], dict[str, float]]:
    """Return the value of each expert on its own task, by problem and its hash."""
    own = problems[problems["model"] == problems["task"]]
    values: dict[tuple[str, str], dict[str, float]] = {}
    columns = (own[name].to_list() for name in ("problem", "problem_hash", "task", "value"))
    for problem, problem_hash, task, value in zip(*columns, strict=True):
        values.setdefault((problem, problem_hash), {})[task] = value
    return values


@cache
def fingerprint() -> str:
    """Return a digest of fusefront's code, reference fronts, metrics, and numerical libraries.

    All code is hashed, since a metric may use any of it. A plug-in metric adds its own file
    and those that it imports.
    """
    digest = sha256()
    for text in (*_versions(), *_metrics()):
        digest.update(text.encode() + b"\0")
    for path in sorted(_files()):
        digest.update(path.relative_to(_PACKAGE).as_posix().encode() + b"\0")
        digest.update(sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _versions() -> Iterator[str]:
    for name in _LIBRARIES:
        yield f"{name} {metadata.version(name)}"


def _metrics() -> Iterator[str]:
    """Yield the registered metrics, with the source of those from plug-ins."""
    for entry in METRICS:
        source = "" if isinstance(entry.target, str) else getsourcefile(entry.load()) or ""
        code = source_hash(Path(source)) if source else ""
        yield f"{entry.name} {sorted(entry.labels.items())} {code}"


def _files() -> Iterator[Path]:
    """Yield all files except the pre-run archives, which are data."""
    for folder, folders, names in os.walk(_PACKAGE, followlinks=True):
        folders[:] = [name for name in folders if name not in {"prerun", "__pycache__"}]
        yield from (Path(folder, name) for name in names if name.endswith(_READ))


def _completed(results: Results, snapshot: Snapshot) -> pa.Table:
    # None are kept if code that derives scores has changed: then all runs are scored again.
    kept = snapshot.scores(fingerprint())
    runs = results.arrow("runs")
    done = runs.filter(pc.equal(runs.column("status"), "done")).column("run_id")
    left = done.filter(pc.invert(pc.is_in(done, kept.column("run_id").unique())))
    if not len(left):
        return kept
    derived = _derived(results.only(left))
    return by_run(pa.concat_tables([kept, derived]), runs)


def _derived(results: Results) -> pa.Table:
    return from_frame(derive_scores(results), "scores")
