from typing import get_args

import pytest
import torch

from fusefront.errors import UnknownNameError
from fusefront.problems.layout import Layout, Space

VIT = (
    "embeddings.cls_token",
    "embeddings.patch_embeddings.projection.weight",
    "layers.0.attention.q_proj.weight",
    "layers.0.attention.q_proj.bias",
    "layers.0.layernorm_before.weight",
    "layers.0.mlp.fc1.weight",
    "layers.0.mlp.fc2.weight",
    "layers.1.attention.q_proj.weight",
    "layers.1.mlp.fc1.weight",
    "layernorm.weight",
)


def layout_of(*names: str) -> Layout:
    return Layout(names=names, shapes=tuple((2, i + 1) for i in range(len(names))))


@pytest.mark.parametrize("space", get_args(Space))
def test_groups_cover_every_parameter_once_in_order(space: Space) -> None:
    layout = layout_of(*VIT)
    groups = layout.groups(space)
    starts = [start for start, _, _ in groups.segments]
    stops = [stop for _, stop, _ in groups.segments]
    assert starts == [0, *stops[:-1]]
    assert stops[-1] == layout.size
    assert {group for _, _, group in groups.segments} == set(range(len(groups.names)))


def test_task_space_is_one_group_and_tensor_space_one_per_tensor() -> None:
    layout = layout_of(*VIT)
    assert layout.groups("task").segments == ((0, layout.size, 0),)
    assert layout.groups("tensor").names == VIT


def test_vit_of_transformers_5_splits_into_blocks_and_modules() -> None:
    layout = layout_of(*VIT)
    assert layout.groups("block").names == ("embeddings", "layers.0", "layers.1", "layernorm")
    assert layout.groups("module").names == (
        "embeddings",
        "layers.0.attention",
        "layers.0.layernorm_before",
        "layers.0.mlp",
        "layers.1.attention",
        "layers.1.mlp",
        "layernorm",
    )


@pytest.mark.parametrize(
    ("name", "block"),
    [
        ("h.0.mlp.c_fc.weight", "h.0"),
        ("transformer.h.11.mlp.c_proj.bias", "transformer.h.11"),
        ("visual.transformer.resblocks.0.mlp.c_fc.weight", "visual.transformer.resblocks.0"),
        ("vision_model.encoder.layers.0.mlp.fc1.weight", "vision_model.encoder.layers.0"),
        ("vit.encoder.layer.3.mlp.weight", "vit.encoder.layer.3"),
        ("blocks.2.mlp.fc1.weight", "blocks.2"),
    ],
)
def test_blocks_and_their_mlp_are_found_by_the_names_of(name: str, block: str) -> None:
    layout = layout_of(name)
    assert layout.groups("block").names == (block,)
    assert layout.groups("module").names == (f"{block}.mlp",)


def test_group_that_is_interrupted_keeps_one_row() -> None:
    groups = layout_of("norm.a", "h.0.mlp.w", "norm.b").groups("module")
    assert groups.names == ("norm", "h.0.mlp")
    assert [group for _, _, group in groups.segments] == [0, 1, 0]


def test_unflatten_gives_views_in_their_shapes() -> None:
    layout = Layout(names=("a", "b"), shapes=((2, 2), (3,)))
    flat = torch.arange(7.0)
    named = layout.unflatten(flat)
    assert named["a"].tolist() == [[0, 1], [2, 3]]
    assert named["b"].tolist() == [4, 5, 6]
    flat[0] = 9
    assert named["a"][0, 0] == 9


def test_unknown_space_is_named_with_its_neighbours() -> None:
    with pytest.raises(UnknownNameError, match="module"):
        layout_of(*VIT).groups("modul")  # type: ignore[arg-type]
