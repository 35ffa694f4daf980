"""Packages that some runs import at first use, for seconds each.

A worker that computes many runs imports them once, when it needs them. Where every run has a
process of its own, the fork server imports this module, and all workers have them from the start.
"""

import pymoo.algorithms.moo.nsga3  # noqa: F401
import scipy.stats  # noqa: F401
import torch._dynamo  # noqa: F401 - optimizers import it
import transformers.models.vit.modeling_vit  # noqa: F401
