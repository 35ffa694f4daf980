"""Which point of a fit answers a preference: its own map, or a finite set completed with anchors.

The pretrained model, the experts and their average are free knowledge, so the referee adds them to
every finite set before the common selector chooses. Maps and constants stay as they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray

from ...algorithms.scalarizations import achievement
from ...problems.base import Anchors
from ...problems.experts import Coefficients


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Stage:
    """A Pareto set of a fit, without its code: one of its milestones, or the final one.

    Attributes:
        number: From 0, in the order in which they were made.
        units: Units spent when it was made.
        wall_seconds: Time of the fit until then.
        objectives: `(K, m)` validation objectives of the K points of a finite set, else None.
    """

    number: int
    units: int
    wall_seconds: float
    objectives: NDArray[np.float64] | None


Question = int | NDArray[np.float64]
"""What a stage is asked: the number of a point of a finite set, else a preference `(m,)`."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Anchor:
    """A model of the problem's own: its name, task coefficients and validation objectives."""

    name: str
    coefficients: Coefficients
    objectives: NDArray[np.float64]


def anchor_points(tasks: Sequence[str], anchors: Anchors) -> list[Anchor]:
    """Return the pretrained model, the expert of each task, and the average if it was measured.

    Args:
        tasks: m task names, which name the experts.
        anchors: Values on validation.
    """
    m = len(tasks)
    each = [("pretrained", torch.zeros(m), anchors.pretrained)]
    each += zip(tasks, torch.eye(m), anchors.experts, strict=True)
    if anchors.average is not None:
        each.append(("average", torch.full((m,), 1 / m), anchors.average))
    return [
        Anchor(
            name=name,
            coefficients=Coefficients(values=values),
            objectives=anchors.objectives(measured),
        )
        for name, values, measured in each
    ]


def chosen(
    stage: Stage, preferences: NDArray[np.float64], anchors: Sequence[Anchor]
) -> list[Question | Anchor]:
    """Return what answers each preference.

    A finite set and the anchors are chosen from by the least achievement on validation; the set's
    own points win ties. All other sets are asked for each preference themselves.

    Args:
        stage: The Pareto set.
        preferences: `(k, m)`.
        anchors: Models that complete a finite set; may be empty.
    """
    if stage.objectives is None:
        return list(preferences)
    own = len(stage.objectives)
    objectives = np.vstack([stage.objectives, *(anchor.objectives for anchor in anchors)])
    best = [int(np.argmin(achievement(objectives, p))) for p in preferences]
    return [index if index < own else anchors[index - own] for index in best]
