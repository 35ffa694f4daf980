"""Sobol points: a design that fills the box of coefficients evenly."""

import numpy as np
import torch
from scipy.stats import qmc
from torch import Tensor


def sobol(dimensions: int, count: int, generator: torch.Generator) -> Tensor:
    """`(count, dimensions)` scrambled Sobol points in the unit box, float32.

    Source: Sobol 1967; scrambling of Owen 1998 (scipy's linear matrix scramble with a shift).
    """
    seed = int(torch.randint(2**31, (1,), generator=generator))
    sampler = qmc.Sobol(dimensions, scramble=True, rng=np.random.default_rng(seed))
    power = max(0, (count - 1).bit_length())
    return torch.from_numpy(sampler.random_base2(power)[:count]).to(torch.float32)
