"""The experts as points."""

import torch
from torch import Tensor

from ...problems.experts import Coefficients


def expert(index: int, m: int) -> Coefficients:
    """Expert `index` of m."""
    return Coefficients(values=torch.eye(m)[index])


def wanted(preference: Tensor) -> tuple[int, ...]:
    """Tasks of positive importance in a preference `(m,)`: only their experts need to be run."""
    return tuple(torch.nonzero(preference > 0).flatten().tolist())
