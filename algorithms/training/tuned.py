"""Hyper-parameters that many algorithms have, with the ranges in which they are tuned.

Algorithms that train the same kind of parameters are tuned in the same range, so that no family has
more to choose than another.
"""

from typing import Annotated

from ...domains import (
    Count,
    CountOrZero,
    Finite,
    Fraction,
    NonNegativeFloat,
    PositiveFloat,
    PositiveFraction,
)
from ...ranges import Choices, LinearRange, LogRange

CoefficientRate = Annotated[PositiveFloat, LogRange(low=3e-4, high=1e-1)]
"""Learning rate of merging coefficients, scales and masks."""
NetworkRate = Annotated[PositiveFloat, LogRange(low=1e-4, high=3e-2)]
"""Learning rate of routers, hypernetworks and adapters, which are trained from scratch."""
WeightRate = Annotated[PositiveFloat, LogRange(low=1e-5, high=1e-3)]
"""Learning rate of the weights of a pretrained network."""
BatchSize = Annotated[Count, Choices(values=(4, 8, 16, 32))]
"""Examples of each task per step: under a budget, smaller batches are more steps."""
Batches = Annotated[CountOrZero, Choices(values=(2, 4, 8, 16, 32))]
"""Batches from which statistics are estimated."""
Initial = Annotated[Finite, LinearRange(low=0.1, high=0.6)]
"""Coefficient of every task vector at the start, or of everything that is not trained."""
Rays = Annotated[Count, Choices(values=(3, 5, 11))]
"""Maximum number of rays: under a budget, fewer rays are longer descents."""
Width = Annotated[Count, Choices(values=(32, 64, 128))]
"""Hidden units of a small network."""
Rank = Annotated[Count, Choices(values=(2, 4, 8, 16))]
"""Rank of an added term."""
Concentration = Annotated[PositiveFloat, LogRange(low=0.1, high=2.0)]
"""Parameter of the Dirichlet distribution of training preferences."""
Alignment = Annotated[NonNegativeFloat, LogRange(low=0.01, high=10.0)]
"""Weight of a term that aligns objectives with the preference."""
Keep = Annotated[PositiveFraction, LinearRange(low=0.05, high=1.0)]
"""Fraction of entries that are kept: the density of a task vector."""
Upper = Annotated[PositiveFloat, LinearRange(low=0.6, high=1.6)]
"""Upper end of the box of coefficients."""
Examples = Annotated[Count, Choices(values=(64, 128, 256, 512))]
"""Examples of each task on which a model is measured: fewer examples are more models."""
Kept = Annotated[CountOrZero, Choices(values=(10, 25, 50))]
"""Models that are measured again."""
Ridge = Annotated[NonNegativeFloat, LogRange(low=1e-5, high=1e-1)]
"""Relative penalty of a fit."""
Diagonal = Annotated[Fraction, LinearRange(low=0.0, high=0.5)]
"""Fraction of the off-diagonal entries of a Gram matrix that is removed."""
