import torch
import torch.nn.functional as F

from fusefront.problems.vision.backbone import all_features, build, flatten
from fusefront.problems.vision.recipe import RECIPES
from fusefront.problems.vision.tasks import Split
from fusefront.problems.vision.training import Schedule, fit_backbone, fit_head, frozen_linear


def _data() -> Split:
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(256) % 2
    inputs = torch.randn(256, 1, 12, 12, generator=generator)
    return Split(inputs + labels[:, None, None, None], labels)


def test_a_fitted_head_cannot_be_improved_by_small_moves() -> None:
    model, data = build(RECIPES["smoke"].config), _data()
    weight, bias = fit_head(model, data, 2)
    found = all_features(model, data.inputs)

    def loss(w: torch.Tensor, b: torch.Tensor) -> float:
        penalty = 0.5 * (w * found.std(0)).square().sum() / len(found)
        return float(F.cross_entropy(found @ w.T + b, data.labels) + penalty)

    best = loss(weight, bias)
    generator = torch.Generator().manual_seed(1)
    for _ in range(20):
        assert loss(weight + 0.01 * torch.randn(weight.shape, generator=generator), bias) > best


def test_fine_tuning_lowers_the_loss_and_leaves_the_head_alone() -> None:
    torch.manual_seed(0)
    model, data = build(RECIPES["smoke"].config), _data()
    head = frozen_linear(fit_head(model, data, 2))
    before = head.weight.clone(), flatten(model.state_dict().values())
    loss = F.cross_entropy(head(all_features(model, data.inputs)), data.labels)
    fit_backbone(
        model,
        head,
        _data,
        Schedule(epochs=3, learning_rate=1e-3, batch=64),
        train_head=False,
        generator=torch.Generator().manual_seed(0),
    )
    assert F.cross_entropy(head(all_features(model, data.inputs)), data.labels) < loss
    assert head.weight.equal(before[0])
    assert not flatten(model.state_dict().values()).equal(before[1])
