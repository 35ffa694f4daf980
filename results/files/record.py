"""Records of runs and problems as plain Python objects, which workers write as files."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from ...errors import ParameterError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

STATUSES = ("done", "failed", "skipped")
UNAVAILABLE = "unavailable"
"""The hash of a problem whose data is missing. Run ids change when the data is available."""
RUN_ID = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
"""A regular expression for ids of runs, which name files."""


class FrontRow(NamedTuple):
    """The test result of one point on one task.

    `value` is the metric of the task, `objective` the normalised g (0 at the expert, 1 at the
    pretrained model) and `n` the number of examples, which is 0 for problems without examples.
    `validation_value` and `validation_loss` are the same model's on validation. The columns `own_`
    are those of the point that the fit's own set gives, without the anchors that complete finite
    sets. `calibration_error` is the expected calibration error on test, and `agreement` the share
    of the test examples for which the model predicts the class that the expert of the task
    predicts; None without classes. Protocol 1 measured none of these.
    """

    point: int
    task: str
    value: float
    loss: float
    objective: float
    n: int
    validation_value: float | None = None
    validation_loss: float | None = None
    own_value: float | None = None
    own_loss: float | None = None
    own_objective: float | None = None
    calibration_error: float | None = None
    agreement: float | None = None


class PointRow(NamedTuple):
    """The `(m,)` preference of a point, and its merging coefficients flattened in C order.

    `coefficients` and `shape` are None if the model is not in a coefficient space. `anchor` names
    the anchor that was chosen instead of a point of the fit's own: `pretrained`, `average` or the
    task of an expert.
    """

    point: int
    preference: Sequence[float]
    space: str
    coefficients: Sequence[float] | None = None
    shape: Sequence[int] | None = None
    anchor: str | None = None


class TraceRow(NamedTuple):
    """One value that was logged after `units` and `wall_seconds` of the fit."""

    units: int
    wall_seconds: float
    metric: str
    value: float


class MilestoneRow(NamedTuple):
    """The result on one task of the Pareto set that a fit would have returned after some units.

    `point` is the preference: i < m is the corner of task i, and m the centre. The final set is the
    last milestone.
    """

    units: int
    wall_seconds: float
    point: int
    task: str
    value: float
    objective: float
    validation_value: float


class OutcomeRow(NamedTuple):
    """Which of the `n` test examples a point got right, packed by `pack_outcomes`."""

    point: int
    task: str
    n: int
    packed: bytes


class AnchorRow(NamedTuple):
    """The test result of an anchor of a problem on one task.

    `model` is `pretrained`, `average` or the task of the expert. `resolution` is
    |expert - pretrained| in standard errors; only an expert on its own task has it.
    """

    model: str
    task: str
    value: float
    loss: float
    n: int
    resolution: float | None = None


@dataclass(frozen=True, kw_only=True)
class Record:
    """A run of any status.

    `parameters` and `versions` are JSON objects as text. `seed` is the number of the repetition,
    `root_seed` the seed that the study derives all randomness from. `started` is ISO time in UTC,
    `wall_seconds` the time of the fit alone. `inference_passes` is the cost of an input after the
    fit, in forward passes of one model, averaged over preferences. None means not measured, never
    zero. `delivery` is `model` if one model serves a preference, and `system` if several models
    or layers that depend on the input are needed.
    """

    run_id: str
    problem: str
    algorithm: str
    parameters: str
    display_name: str
    seed: int
    root_seed: int
    status: str
    reason: str | None = None
    error_class: str | None = None
    error_message: str | None = None
    traceback: str | None = None
    budget_units: int | None = None
    units: int = 0
    labelled_examples: int = 0
    unlabelled_examples: int = 0
    validation_evaluations: int = 0
    gradient_steps: int = 0
    model_builds: int = 0
    output: str | None = None
    peak_bytes: int | None = None
    rss_bytes: int | None = None
    flops: int | None = None
    energy_joules: float | None = None
    trainable_parameters: int | None = None
    storage_bytes: int | None = None
    inference_passes: float | None = None
    delivery: str | None = None
    wall_seconds: float | None = None
    load_seconds: float | None = None
    rehearsal_seconds: float | None = None
    score_seconds: float | None = None
    problem_hash: str
    protocol_version: int
    versions: str
    machine: str
    threads: int
    device: str
    started: str
    fronts: Sequence[FrontRow] = ()
    points: Sequence[PointRow] = ()
    traces: Sequence[TraceRow] = ()
    outcomes: Sequence[OutcomeRow] = ()
    milestones: Sequence[MilestoneRow] = ()

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            raise ParameterError(
                f"`status` must be one of {', '.join(STATUSES)}. Found `{self.status}`."
            )
        if not re.fullmatch(RUN_ID, self.run_id):
            raise ParameterError(
                "`run_id` must consist of letters, digits, `.`, `_` and `-`, since it names a "
                f"file. Found `{self.run_id}`."
            )


@dataclass(frozen=True, kw_only=True)
class ProblemFacts:
    """The facts of a problem that no algorithm changes; `labels` is a JSON object as text."""

    problem: str
    problem_hash: str
    labels: str
    anchors: Sequence[AnchorRow] = ()


def pack_outcomes(correct: "ArrayLike") -> bytes:
    r"""Pack one boolean per example, eight per byte; the last byte is padded with zeros.

    >>> pack_outcomes([True, False, True])
    b'\xa0'
    """
    import numpy as np

    return np.packbits(np.asarray(correct, dtype=bool)).tobytes()


def unpack_outcomes(packed: bytes, n: int) -> "NDArray[np.bool_]":
    """Return the `(n,)` booleans that `pack_outcomes` packed."""
    import numpy as np

    bits = np.unpackbits(np.frombuffer(packed, dtype=np.uint8), count=n)
    return bits.astype(bool)
