"""AdaMerging and its variants: coefficients from unlabelled inputs."""

from functools import partial
from typing import Final

from ...entry import PAPER, tuned
from ..registry import ALGORITHMS, EARLY_PAIRS

_YANG_2024: Final = "Yang et al. 2024, AdaMerging, ICLR. https://arxiv.org/abs/2310.02575"
_TANG_2023: Final = (
    "Tang et al. 2023, Concrete subspace learning based interference elimination. "
    "https://arxiv.org/abs/2312.06173"
)

# Labels that several entries share.
_adaptive = partial(
    ALGORITHMS.register_lazily, output="constant", data="unlabelled", access="gradients"
)

_adaptive(
    "adamerging-task",
    "algorithms.adamerging.adamerging:AdaMerging",
    summary="One coefficient per task, learned by minimising entropy on unlabelled inputs.",
    source=_YANG_2024,
    origin=PAPER,
    bound={"space": "task", "loss": "entropy", "track": "inductive"},
    space="task",
    track="inductive",
    delivery="model",
)
_adaptive(
    "adamerging-block",
    "algorithms.adamerging.adamerging:AdaMerging",
    summary=(
        "One coefficient per task and block, learned by minimising entropy on unlabelled inputs."
    ),
    source=_YANG_2024,
    origin=PAPER,
    bound={"space": "block", "loss": "entropy", "track": "inductive"},
    space="block",
    track="inductive",
    delivery="model",
)
_adaptive(
    "adamerging-tensor",
    "algorithms.adamerging.adamerging:AdaMerging",
    summary=(
        "One coefficient per task and tensor (the paper's layer-wise form), learned by "
        "minimising entropy."
    ),
    source=_YANG_2024,
    origin=PAPER,
    bound={"space": "tensor", "loss": "entropy", "track": "inductive"},
    space="tensor",
    track="inductive",
    delivery="model",
)
_adaptive(
    "adamerging-task-plus-plus",
    "algorithms.adamerging.adamerging:AdaMergingPlusPlus",
    summary=(
        "Task-wise AdaMerging on task vectors that are trimmed and lose the entries of the "
        "minority sign."
    ),
    source=_YANG_2024,
    bound={"space": "task"},
    space="task",
    track="inductive",
    delivery="model",
)
_adaptive(
    "adamerging-tensor-plus-plus",
    "algorithms.adamerging.adamerging:AdaMergingPlusPlus",
    summary=(
        "Tensor-wise AdaMerging on task vectors that are trimmed and lose the entries of the "
        "minority sign."
    ),
    source=_YANG_2024,
    bound={"space": "tensor"},
    space="tensor",
    track="inductive",
    delivery="model",
)
ALGORITHMS.register_lazily(
    "adamerging-labelled",
    "algorithms.adamerging.adamerging:AdaMerging",
    summary=(
        "Tensor-wise AdaMerging that minimises cross-entropy on the same examples, with labels."
    ),
    source=_YANG_2024,
    origin=PAPER,
    bound={"space": "tensor", "loss": "cross-entropy", "track": "inductive"},
    output="constant",
    data="labelled",
    access="gradients",
    space="tensor",
    track="inductive",
    delivery="model",
)
ALGORITHMS.register_lazily(
    "adamerging-rays",
    "algorithms.adamerging.rays:AdaMergingRays",
    summary=(
        "Tensor-wise coefficients that minimise weighted entropies for each ray, interpolated "
        "between rays."
    ),
    source=_YANG_2024,
    origin=tuned(*EARLY_PAIRS, trials=2),
    output="map",
    data="unlabelled",
    access="gradients",
    space="tensor",
    track="inductive",
    delivery="model",
)
_adaptive(
    "adamerging-task-transductive",
    "algorithms.adamerging.adamerging:AdaMerging",
    summary=(
        "One coefficient per task, learned by minimising entropy on the test inputs, as published."
    ),
    source=_YANG_2024,
    origin=PAPER,
    bound={"space": "task", "loss": "entropy", "track": "transductive"},
    space="task",
    track="transductive",
    delivery="model",
)
_adaptive(
    "adamerging-tensor-transductive",
    "algorithms.adamerging.adamerging:AdaMerging",
    summary=(
        "One coefficient per task and tensor, learned by minimising entropy on the test "
        "inputs, as published."
    ),
    source=_YANG_2024,
    origin=PAPER,
    bound={"space": "tensor", "loss": "entropy", "track": "transductive"},
    space="tensor",
    track="transductive",
    delivery="model",
)
_adaptive(
    "concrete-task-arithmetic",
    "algorithms.adamerging.concrete:ConcreteTaskArithmetic",
    summary="Task arithmetic under a mask that all tasks share, learned by minimising entropy.",
    source=_TANG_2023,
    space="weights",
    track="inductive",
    delivery="model",
)
_adaptive(
    "concrete-adamerging",
    "algorithms.adamerging.concrete:ConcreteAdaMerging",
    summary=(
        "Tensor-wise AdaMerging under a mask that all tasks share, both learned by minimising "
        "entropy."
    ),
    source=_TANG_2023,
    space="weights",
    track="inductive",
    delivery="model",
)
ALGORITHMS.register_lazily(
    "scalearn",
    "algorithms.adamerging.scalearn:ScaLearn",
    summary=(
        "One scale per task vector and row of each tensor, learned by minimising the sum of "
        "the losses."
    ),
    source=("Frohmann et al. 2024, ScaLearn, Findings of ACL. https://arxiv.org/abs/2310.01217"),
    origin=tuned("digits-left-right", trials=2),
    output="constant",
    data="labelled",
    access="gradients",
    space="weights",
    track="inductive",
    delivery="model",
)
