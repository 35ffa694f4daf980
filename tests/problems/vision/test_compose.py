import torch

from fusefront.problems.vision.compose import enlarge, jittered, place, to_inputs, turn


def test_place_copies_the_image_to_its_corner() -> None:
    images = torch.arange(1.0, 19.0).view(2, 3, 3)
    placed = place(images, torch.tensor([[0, 0], [2, 1]]), 5)
    assert placed[0, :3, :3].equal(images[0])
    assert placed[1, 2:, 1:4].equal(images[1])
    assert placed[1].sum() == images[1].sum()


def test_place_cuts_off_what_leaves_the_canvas() -> None:
    images = torch.rand(1, 4, 4)
    placed = place(images, torch.tensor([[-1, 2]]), 4)
    expected = torch.zeros(4, 4)
    expected[:3, 2:] = images[0, 1:, :2]
    assert placed[0].equal(expected)


def test_jitter_stays_within_its_bound() -> None:
    corners = jittered((3, -4), 500, 2, torch.Generator().manual_seed(0))
    moves = corners - torch.tensor([3, -4])
    assert torch.unique(moves).tolist() == [-2, -1, 0, 1, 2]


def test_turn_equals_rot90_of_each_image() -> None:
    images = torch.rand(5, 4, 4)
    quarters = torch.tensor([0, 1, 2, 3, 4])
    for image, turned, k in zip(images, turn(images, quarters), quarters.tolist(), strict=True):
        assert turned.equal(torch.rot90(image, k, (0, 1)))


def test_enlarge_keeps_a_constant_image_constant() -> None:
    torch.testing.assert_close(
        enlarge(torch.full((1, 8, 8), 0.5), 28), torch.full((1, 28, 28), 0.5)
    )


def test_inputs_span_minus_one_to_one_with_a_channel() -> None:
    inputs = to_inputs(torch.tensor([[[0.0, 1.0], [0.5, 0.25]]]))
    assert inputs.shape == (1, 1, 2, 2)
    assert inputs.flatten().tolist() == [-1.0, 1.0, 0.0, -0.5]
