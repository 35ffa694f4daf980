"""Weightings from the package torchjd: IMTL-G and Aligned-MTL."""

from importlib.util import find_spec
from typing import ClassVar, final

from torch import Tensor

from ...errors import NotApplicableError
from ..training.weighting import Step, Weighting


@final
class IMTLG(Weighting):
    """The step with equal projections on all gradients; weights sum to 1, and some can be negative.

    Source: Liu et al. 2021, Towards impartial multi-task learning, ICLR; with the pseudo-inverse if
    gradients are linearly dependent.
    """

    needs_gradients: ClassVar[bool] = True

    def __call__(self, step: Step) -> Tensor:
        """Return `(m,)` weights, all 0 if no step has equal projections."""
        _check_torchjd()
        from torchjd.aggregation import IMTLGWeighting

        return IMTLGWeighting()(step.gramian.double()).to(step.losses.dtype)


@final
class AlignedMTL(Weighting):
    """Gradients with equally scaled principal components, weighted by the preference.

    Source: Senushkin et al. 2023, Independent component alignment for multi-task learning, CVPR,
    algorithm 1.
    """

    needs_gradients: ClassVar[bool] = True

    def __call__(self, step: Step) -> Tensor:
        """Return `(m,)` weights: p after the balance transformation, at its smallest scale."""
        _check_torchjd()
        from torchjd.aggregation import AlignedMTLWeighting

        weighting = AlignedMTLWeighting(step.preference.double())
        return weighting(step.gramian.double()).to(step.losses.dtype)


def _check_torchjd() -> None:
    if find_spec("torchjd") is None:
        raise NotApplicableError(
            "This solver needs the package `torchjd`, which is not installed. "
            "Use `pip install 'fusefront[gradient]'`."
        )
