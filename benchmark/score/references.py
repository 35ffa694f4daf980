"""What a run is measured against: reference points, reference fronts and a baseline.

Each has a name, which distinguishes the scores of one metric and is shown with the numbers.
"""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any, Final, TypeAlias

import numpy as np

from ...errors import ParameterError, UnknownNameError
from ...problems import PROBLEMS
from ...results.references import ReferenceFront, load_reference
from ..study.parameters import split_spec
from ..study.problem_spec import ProblemSpec

REF_POINTS: Final = (1.0, 1.1)
"""The reference points of hypervolume, the same in every objective: the pretrained model, and a
tenth beyond it, which gives credit to points that match the pretrained model in one task."""

BASELINE: Final = "rewarded-soup"
"""The algorithm that is the baseline of others, with the same problem and seed: it interpolates the
experts and needs no data."""

_DECIMALS: Final = 9
"""Decimals to which objectives of a true front are rounded, so that the last bits of another
machine's functions do not change its hash."""

Yardsticks: TypeAlias = "list[tuple[str, np.ndarray[Any, np.dtype[np.float64]]]]"
"""Sets of `(k, m)` objectives with their names, which distinguish scores."""


def references(
    needs: frozenset[str], m: int, sets: Mapping[str, Yardsticks]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the references of a metric: a name, and the arguments for `evaluate`.

    A metric that needs several kinds has one reference for each combination of them.

    Args:
        needs: What the metric needs.
        m: Number of tasks.
        sets: The yardsticks of the kinds `front` and `baseline`, where they are needed.
    """
    kinds = {"ref_point": [(f"ref_point={x}", np.full(m, x)) for x in REF_POINTS], **sets}
    used = {kind: found for kind, found in kinds.items() if kind in needs}
    for combination in product(*used.values()):
        arrays = (array for _, array in combination)
        yield "; ".join(name for name, _ in combination), dict(zip(used, arrays, strict=True))


def reference_front(problem: str, problem_hash: str) -> ReferenceFront | None:
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
