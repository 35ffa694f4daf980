"""Scalarizations minimised ray by ray: name, class, summary, source, labels."""

from typing import Final

ENTRIES: Final = (
    (
        "ls-coefficients",
        "scalarization.coefficients:LinearScalarizationCoefficients",
        "Merging coefficients by gradient descent on the weighted loss, one set a ray.",
        "Linear scalarization (Miettinen 1999, section 3.1) over task-arithmetic coefficients",
        "finite labelled gradients task inductive",
    ),
    (
        "ls-finetune",
        "scalarization.finetune:LinearScalarizationFinetune",
        "One model fine-tuned on the weighted loss a ray, all weights, from the base model.",
        "Linear scalarization baseline of Tang et al. 2024. https://arxiv.org/abs/2406.09770",
        "finite labelled gradients weights inductive",
    ),
    (
        "tche-coefficients",
        "scalarization.coefficients:TchebycheffCoefficients",
        "Merging coefficients by gradient descent on the weighted Tchebycheff "
        "distance, one set a ray.",
        "Miettinen 1999, Nonlinear Multiobjective Optimization, section 3.4",
        "finite labelled gradients task inductive",
    ),
    (
        "stch-coefficients",
        "scalarization.coefficients:SmoothTchebycheffCoefficients",
        "Merging coefficients by gradient descent on the smooth Tchebycheff scalarization.",
        "Lin et al. 2024, Smooth Tchebycheff scalarization for multi-objective "
        "optimization, ICML. https://arxiv.org/abs/2402.19078",
        "finite labelled gradients task inductive",
    ),
    (
        "atche-coefficients",
        "scalarization.coefficients:AugmentedTchebycheffCoefficients",
        "Merging coefficients by gradient descent on the augmented Tchebycheff distance.",
        "Wierzbicki 1980, The use of reference objectives in multiobjective optimization",
        "finite labelled gradients task inductive",
    ),
    (
        "tche-finetune",
        "scalarization.finetune:TchebycheffFinetune",
        "One model fine-tuned on the weighted Tchebycheff distance a ray, all weights.",
        "Miettinen 1999, Nonlinear Multiobjective Optimization, section 3.4",
        "finite labelled gradients weights inductive",
    ),
    (
        "stch-finetune",
        "scalarization.finetune:SmoothTchebycheffFinetune",
        "One model fine-tuned on the smooth Tchebycheff scalarization a ray, all weights.",
        "Lin et al. 2024, Smooth Tchebycheff scalarization for multi-objective "
        "optimization, ICML. https://arxiv.org/abs/2402.19078",
        "finite labelled gradients weights inductive",
    ),
    (
        "ls-finetune-average",
        "scalarization.finetune:LinearScalarizationFromAverage",
        "One model fine-tuned on the weighted loss a ray, from the average of the experts.",
        "Linear scalarization (Miettinen 1999, section 3.1) over all weights, from the soup of "
        "Wortsman et al. 2022. https://arxiv.org/abs/2203.05482",
        "finite labelled gradients weights inductive",
    ),
    (
        "ls-finetune-arithmetic",
        "scalarization.finetune:LinearScalarizationFromArithmetic",
        "One model fine-tuned on the weighted loss a ray, from the best task arithmetic.",
        "Linear scalarization (Miettinen 1999, section 3.1) over all weights, from the merge of "
        "Ilharco et al. 2023. https://arxiv.org/abs/2212.04089",
        "finite labelled gradients weights inductive",
    ),
    (
        "ls-lora",
        "scalarization.lora:LinearScalarizationAdapters",
        "One low-rank adapter of the base model trained on the weighted loss a ray.",
        "Linear scalarization (Miettinen 1999, section 3.1) over the adapters of Hu et al. 2022, "
        "LoRA. https://arxiv.org/abs/2106.09685",
        "finite labelled gradients low-rank inductive",
    ),
    (
        "ls-soup",
        "scalarization.soup:LinearScalarizationSoup",
        "Models fine-tuned on the weighted loss, one a ray, with weights interpolated in between.",
        "Linear scalarization (Miettinen 1999, section 3.1) over all weights, averaged as by "
        "Wortsman et al. 2022. https://arxiv.org/abs/2203.05482",
        "map labelled gradients weights inductive",
    ),
)
