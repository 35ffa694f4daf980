"""Metrics of the model for the balanced preference, and of the step to new data."""

from .entry import OURS, register

register(
    *("average-normalised-accuracy", "normalised_accuracy"),
    "Mean over tasks of value / expert value at the balanced preference",
    "Ilharco et al. 2023, https://arxiv.org/abs/2212.04089; "
    "https://github.com/mlfoundations/task_vectors",
    direction="maximise",
    kind="model",
    reference="anchors",
    applies="accuracies",
)
register(
    *("worst-task-normalised-accuracy", "normalised_accuracy"),
    "Minimum over tasks of value / expert value at the balanced preference",
    OURS,
    direction="maximise",
    kind="model",
    reference="anchors",
    applies="accuracies",
)
register(
    *("delta-m", "normalised_accuracy"),
    "Mean change against the experts at the balanced preference, in percent",
    "Maninis et al. 2019, https://arxiv.org/abs/1904.08918",
    direction="maximise",
    kind="model",
    reference="anchors",
)
register(
    *("agreement", "predictions"),
    "Mean share of examples on which model and expert agree, at the balanced preference",
    "Stanton et al. 2021, https://arxiv.org/abs/2106.05945",
    direction="maximise",
    kind="model",
    applies="classes",
)
register(
    *("calibration-error", "predictions"),
    "Mean expected calibration error at the balanced preference",
    "Guo et al. 2017, https://arxiv.org/abs/1706.04599",
    direction="minimise",
    kind="model",
    applies="classes",
)
register(
    *("negative-log-likelihood", "predictions"),
    "Mean loss over tasks at the balanced preference",
    "Guo et al. 2017, https://arxiv.org/abs/1706.04599",
    direction="minimise",
    kind="model",
)
register(
    *("shrinkage", "shrinkage"),
    "Weighted value lost from validation to test, in units of the experts' gains",
    f"{OURS}, after Copas 1983, 'Regression, prediction and shrinkage'",
    direction="minimise",
    kind="generalisation",
    reference="anchors",
    applies="protocol-2",
)
