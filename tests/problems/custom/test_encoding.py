from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from tests.problems.custom.stand_ins import (
    pictures,
    png,
    processed,
    save_processor,
    save_tokenizer,
)

from fusefront.errors import IntegrityError, MissingDataError
from fusefront.problems.custom.features import (
    encode_pictures,
    encode_texts,
    load_processor,
    load_tokenizer,
    normalisation,
)
from fusefront.problems.custom.rows import Origin, Rows


def rows(*columns: list[Any]) -> Rows:
    return Rows(origin=Origin("d", "y"), inputs=columns, classes=["0"] * len(columns[0]))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"do_normalize": False},
        {"do_rescale": False},
        {"resample": 3, "size": {"height": 12, "width": 9}},
        {
            "image_processor_type": "CLIPImageProcessor",
            "size": {"shortest_edge": 14},
            "do_center_crop": True,
            "crop_size": {"height": 12, "width": 12},
        },
        {
            "image_processor_type": "ConvNextImageProcessor",
            "size": {"shortest_edge": 16},
            "crop_pct": 0.875,
        },
    ],
)
def test_scaled_and_shifted_bytes_equal_the_output_of_the_processor(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    save_processor(tmp_path, **changes)
    processor, found = load_processor(tmp_path), pictures(4, seed=0)[0]
    pixels = encode_pictures(processor, rows(found), mode="RGB")
    assert pixels.dtype == torch.uint8
    scale, shift = normalisation(processor, 3)
    made = pixels.float() * scale[:, None, None] + shift[:, None, None]
    torch.testing.assert_close(made, processed(tmp_path, found), rtol=1e-5, atol=1e-5)


def test_files_bytes_and_open_images_are_the_same(tmp_path: Path) -> None:
    save_processor(tmp_path)
    picture = pictures(1, seed=0)[0][0]
    picture.save(tmp_path / "one.png")
    given = [picture, png(picture), tmp_path / "one.png"]
    pixels = encode_pictures(load_processor(tmp_path), rows(given), mode="RGB")
    assert torch.equal(pixels[0], pixels[1])
    assert torch.equal(pixels[0], pixels[2])


def test_grey_and_transparent_images_are_converted_to_colour(tmp_path: Path) -> None:
    save_processor(tmp_path)
    given = [Image.new(mode, (8, 8), 0) for mode in ("L", "RGBA", "P", "1")]
    assert encode_pictures(load_processor(tmp_path), rows(given), mode="RGB").shape[1] == 3


def test_a_file_that_is_not_an_image_is_named(tmp_path: Path) -> None:
    save_processor(tmp_path)
    (tmp_path / "fake.png").write_text("no")
    with pytest.raises(IntegrityError, match=r"fake\.png. must be an image"):
        encode_pictures(load_processor(tmp_path), rows([tmp_path / "fake.png"]), mode="RGB")


def test_images_of_different_sizes_are_refused(tmp_path: Path) -> None:
    save_processor(tmp_path, do_resize=False)
    given = [Image.new("RGB", (8, 8)), Image.new("RGB", (8, 9))]
    with pytest.raises(IntegrityError, match="the same size after processing"):
        encode_pictures(load_processor(tmp_path), rows(given), mode="RGB")


def test_texts_become_padded_planes(tmp_path: Path) -> None:
    save_tokenizer(tmp_path)
    tokenizer = load_tokenizer(tmp_path)
    found = encode_texts(tokenizer, rows(["red cat", "dog"]), length=6, padding=0, vocabulary=99)
    assert found.dtype == torch.int32
    assert found[:, 0].tolist() == [[2, 4, 6, 3, 0, 0], [2, 7, 3, 0, 0, 0]]
    assert found[:, 1].tolist() == [[1, 1, 1, 1, 0, 0], [1, 1, 1, 0, 0, 0]]
    cut = encode_texts(tokenizer, rows(["red cat dog blue"]), length=4, padding=0, vocabulary=99)
    assert cut[0, 0].tolist() == [2, 4, 6, 3]


def test_token_types_distinguish_the_texts_of_a_pair(tmp_path: Path) -> None:
    save_tokenizer(tmp_path)
    found = encode_texts(
        load_tokenizer(tmp_path), rows(["cat"], ["dog"]), length=6, padding=0, vocabulary=99
    )
    assert found[0, 0].tolist() == [2, 6, 3, 7, 3, 0]
    assert found.shape[1] == 3
    assert found[0, 2].tolist() == [0, 0, 0, 1, 1, 0]


def test_a_text_that_ends_in_the_padding_id_is_refused(tmp_path: Path) -> None:
    save_tokenizer(tmp_path)
    with pytest.raises(IntegrityError, match=r"the last one must not be padding\. Found 'cat'"):
        encode_texts(load_tokenizer(tmp_path), rows(["cat"]), length=6, padding=3, vocabulary=99)


def test_a_folder_without_processor_or_tokenizer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match="an image processor that transformers can load"):
        load_processor(tmp_path)
    with pytest.raises(MissingDataError, match="Found no vocabulary"):
        load_tokenizer(tmp_path)


def test_normalisation_is_the_identity_if_the_processor_does_nothing(tmp_path: Path) -> None:
    save_processor(tmp_path, do_rescale=False, do_normalize=False)
    scale, shift = normalisation(load_processor(tmp_path), 3)
    np.testing.assert_array_equal(scale, np.ones(3))
    np.testing.assert_array_equal(shift, np.zeros(3))
