"""AdaMerging and its variants: name, class, summary, source, labels."""

from typing import Final

_SOURCE: Final = "Yang et al. 2024, AdaMerging, ICLR. https://arxiv.org/abs/2310.02575"
_CONCRETE: Final = (
    "Tang et al. 2023, Concrete subspace learning based interference elimination. "
    "https://arxiv.org/abs/2312.06173"
)

ENTRIES: Final = (
    (
        "adamerging-task",
        "adamerging.adamerging:TaskWiseAdaMerging",
        "One coefficient a task by entropy minimisation on unlabelled inputs.",
        _SOURCE,
        "constant unlabelled gradients task inductive",
    ),
    (
        "adamerging-block",
        "adamerging.adamerging:BlockWiseAdaMerging",
        "One coefficient a task and block by entropy minimisation on unlabelled inputs.",
        _SOURCE,
        "constant unlabelled gradients block inductive",
    ),
    (
        "adamerging-tensor",
        "adamerging.adamerging:TensorWiseAdaMerging",
        "One coefficient a task and tensor (the paper's layer-wise) by entropy minimisation.",
        _SOURCE,
        "constant unlabelled gradients tensor inductive",
    ),
    (
        "adamerging-task-plus-plus",
        "adamerging.adamerging:TaskWisePlusPlus",
        "AdaMerging++: task-wise, on trimmed task vectors without entries of the minority's sign.",
        _SOURCE,
        "constant unlabelled gradients task inductive",
    ),
    (
        "adamerging-tensor-plus-plus",
        "adamerging.adamerging:TensorWisePlusPlus",
        "AdaMerging++: tensor-wise, on trimmed task vectors without entries of the minority's "
        "sign.",
        _SOURCE,
        "constant unlabelled gradients tensor inductive",
    ),
    (
        "adamerging-labelled",
        "adamerging.adamerging:LabelledAdaMerging",
        "Tensor-wise AdaMerging's twin that minimises cross-entropy on the same examples.",
        _SOURCE,
        "constant labelled gradients tensor inductive",
    ),
    (
        "adamerging-rays",
        "adamerging.rays:AdaMergingRays",
        "Tensor-wise coefficients by weighted normalised entropies, one set a ray, interpolated "
        "in between.",
        _SOURCE,
        "map unlabelled gradients tensor inductive",
    ),
    (
        "adamerging-task-transductive",
        "adamerging.adamerging:TaskWiseTransductive",
        "One coefficient a task by entropy minimisation on the test's inputs, as published.",
        _SOURCE,
        "constant unlabelled gradients task transductive",
    ),
    (
        "adamerging-tensor-transductive",
        "adamerging.adamerging:TensorWiseTransductive",
        "One coefficient a task and tensor by entropy minimisation on the test's inputs, as "
        "published.",
        _SOURCE,
        "constant unlabelled gradients tensor transductive",
    ),
    (
        "concrete-task-arithmetic",
        "adamerging.concrete:ConcreteTaskArithmetic",
        "Task arithmetic under a mask of all parameters, shared by the tasks, that minimises "
        "entropy.",
        _CONCRETE,
        "constant unlabelled gradients weights inductive",
    ),
    (
        "concrete-adamerging",
        "adamerging.concrete:ConcreteAdaMerging",
        "Tensor-wise AdaMerging under a mask of all parameters, both by entropy minimisation.",
        _CONCRETE,
        "constant unlabelled gradients weights inductive",
    ),
    (
        "scalearn",
        "adamerging.scalearn:ScaLearn",
        "One scale a task vector and row of every tensor, learned on the sum of the losses.",
        "Frohmann et al. 2024, ScaLearn, Findings of ACL. https://arxiv.org/abs/2310.01217",
        "constant labelled gradients weights inductive",
    ),
)
