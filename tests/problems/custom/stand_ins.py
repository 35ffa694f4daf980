"""Checkpoints and data as a user has them: tiny fine-tuned models of transformers."""

import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from PIL import Image
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    AutoImageProcessor,
    BartConfig,
    BartForSequenceClassification,
    BertConfig,
    BertForSequenceClassification,
    ConvNextConfig,
    ConvNextForImageClassification,
    DistilBertConfig,
    DistilBertForSequenceClassification,
    GPT2Config,
    GPT2ForSequenceClassification,
    PreTrainedTokenizerFast,
    ResNetConfig,
    ResNetForImageClassification,
    RobertaConfig,
    RobertaForSequenceClassification,
    SwinConfig,
    SwinForImageClassification,
    T5Config,
    T5ForSequenceClassification,
    ViTConfig,
    ViTForImageClassification,
)

from fusefront.problems.custom.features import quiet

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "red", "blue", "cat", "dog"]
WORDS += [f"word{i}" for i in range(20)]
QUESTIONS = {"colour": ("red", "blue"), "animal": ("cat", "dog")}
SIDE = 16
"""Pixels of an image's side."""


def text_model(kind: str, **changes: Any) -> Any:
    """A model of a kind with random weights, drawn from torch's generator."""
    size: Any = {"num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    common: Any = {"vocab_size": len(WORDS), "pad_token_id": 0, "bos_token_id": 2}
    common |= {"eos_token_id": 3, **changes}
    if kind == "bert":
        return BertForSequenceClassification(BertConfig(**{"hidden_size": 32, **size, **common}))
    if kind == "roberta":
        large = {"hidden_size": 32, **size, **common}
        return RobertaForSequenceClassification(RobertaConfig(**large))
    if kind == "distilbert":
        small = {"dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 64, **common}
        return DistilBertForSequenceClassification(DistilBertConfig(**small))
    if kind == "t5":
        narrow = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 2, "num_heads": 2, **common}
        return T5ForSequenceClassification(T5Config(**narrow | {"decoder_start_token_id": 0}))
    if kind == "bart":
        sides: Any = {f"{side}_{key}": 2 for side in ("encoder", "decoder") for key in _COUNTS}
        sides |= {"encoder_ffn_dim": 32, "decoder_ffn_dim": 32, "d_model": 16}
        return BartForSequenceClassification(BartConfig(**sides, **common))
    return GPT2ForSequenceClassification(
        GPT2Config(**{"n_embd": 32, "n_layer": 2, "n_head": 2, **common})
    )


_COUNTS = ("layers", "attention_heads")


def image_model(kind: str, **changes: Any) -> Any:
    """A model of a kind with random weights, drawn from torch's generator."""
    size: Any = {"image_size": SIDE, "patch_size": 4}
    if kind == "vit":
        size |= {"num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
        return ViTForImageClassification(ViTConfig(**{"hidden_size": 32, **size, **changes}))
    if kind == "swin":
        size |= {"embed_dim": 16, "depths": [1, 1], "num_heads": [2, 2], "window_size": 2}
        return SwinForImageClassification(SwinConfig(**{**size, **changes}))
    stages: Any = {"hidden_sizes": [8, 16], "depths": [1, 1], **changes}
    if kind == "convnext":
        return ConvNextForImageClassification(ConvNextConfig(**{"num_stages": 2, **stages}))
    return ResNetForImageClassification(ResNetConfig(**{"embedding_size": 8, **stages}))


def save(model: Any, folder: Path) -> Path:
    """Save a model as a user does."""
    with quiet():
        model.save_pretrained(folder)
    return folder


def save_tokenizer(folder: Path, words: Sequence[str] = WORDS) -> None:
    """A tokenizer of whole words that puts [CLS] first and [SEP] last."""
    made = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    make: Any = PreTrainedTokenizerFast
    tokenizer = make(
        tokenizer_object=made,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_max_length=64,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    )
    tokenizer.save_pretrained(folder)


def save_processor(folder: Path, **changes: Any) -> None:
    """The configuration of an image processor, as the hub has it."""
    content = {
        "image_processor_type": "ViTImageProcessor",
        "do_resize": True,
        "size": {"height": SIDE, "width": SIDE},
        "resample": 2,
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": [0.5, 0.4, 0.3],
        "image_std": [0.2, 0.3, 0.4],
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "preprocessor_config.json").write_text(json.dumps(content | changes))


def texts(n: int, seed: int) -> pd.DataFrame:
    """Sentences with one colour, one animal and noise, and one column of classes per question."""
    generator = np.random.default_rng(seed)
    found: dict[str, list[Any]] = {"text": [], **{name: [] for name in QUESTIONS}}
    for _ in range(n):
        answers = generator.integers(2, size=len(QUESTIONS))
        words = [QUESTIONS[q][a] for q, a in zip(QUESTIONS, answers, strict=True)]
        words += [f"word{i}" for i in generator.integers(20, size=generator.integers(1, 4))]
        generator.shuffle(words)
        found["text"].append(" ".join(words))
        for name, answer in zip(QUESTIONS, answers, strict=True):
            found[name].append(int(answer))
    return pd.DataFrame(found)


def pictures(n: int, seed: int) -> tuple[list[Image.Image], dict[str, list[int]]]:
    """Noise whose upper half is red or green and whose lower half is bright or dark."""
    generator = np.random.default_rng(seed)
    upper, lower = generator.integers(2, size=n), generator.integers(2, size=n)
    found = []
    for i in range(n):
        pixels = generator.integers(60, 120, (SIDE + 4, SIDE + 8, 3))
        pixels[: SIDE // 2, :, upper[i]] += 100
        pixels[SIDE // 2 :] += 60 * lower[i]
        found.append(Image.fromarray(pixels.astype(np.uint8)))
    return found, {"upper": upper.tolist(), "lower": lower.tolist()}


def fine_tune(
    model: Any,
    arguments: dict[str, torch.Tensor],
    labels: Sequence[int],
    rate: float,
    steps: int = 80,
) -> Any:
    """The loop of every tutorial: the model's own loss, AdamW, shuffled batches."""
    model.train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate)
    answers = torch.tensor(labels)
    for _ in range(steps):
        rows = torch.randint(len(answers), (32,))
        batch = {name: tensor[rows] for name, tensor in arguments.items()}
        loss = model(**batch, labels=answers[rows]).loss
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return model.eval()


def text_arguments(folder: Path, sentences: Iterable[str]) -> dict[str, torch.Tensor]:
    """Return sentences tokenised by the tokenizer of a folder, padded."""
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    made = dict(tokenizer(list(sentences), padding=True, return_tensors="pt"))
    return {name: made[name] for name in ("input_ids", "attention_mask")}


def write_text_problem(folder: Path, kind: str = "bert") -> Path:
    """A pretrained model, two fine-tuned experts, one Parquet file of data, and the TOML."""
    torch.manual_seed(0)
    base = text_model(kind)
    save(base, folder / "base")
    save_tokenizer(folder / "base")
    data = texts(300, seed=1)
    arguments = text_arguments(folder / "base", data["text"])
    for name in QUESTIONS:
        with quiet():
            expert = type(base).from_pretrained(folder / "base")
        fine_tune(expert, arguments, data[name].tolist(), rate=3e-3)
        save(expert, folder / name)
        save_tokenizer(folder / name)
    texts(240, seed=2).to_parquet(folder / "data.parquet")
    tasks = "".join(text_task(name) for name in QUESTIONS)
    return write_toml(folder, f'name = "my-pair"\npretrained = "base"\nmax_length = 16\n{tasks}')


def text_task(name: str, data: str = 'all = "data.parquet"\ntext = "text"', **keys: str) -> str:
    """A `[[tasks]]` of a question."""
    more = "".join(f'{key} = "{value}"\n' for key, value in ({"expert": name} | keys).items())
    return f'\n[[tasks]]\nname = "{name}"\n{more}[tasks.data]\n{data}\nlabel = "{name}"\n'


def write_toml(folder: Path, content: str) -> Path:
    """The problem file of a folder."""
    path = folder / "problem.toml"
    path.write_text(content)
    return path


def write_image_problem(folder: Path, kind: str, rate: float = 3e-3, steps: int = 80) -> Path:
    """Write a problem of images, which Parquet holds as encoded bytes."""
    torch.manual_seed(0)
    base = image_model(kind)
    save(base, folder / "base")
    save_processor(folder / "base")
    train, answers = pictures(200, seed=1)
    pixels = {"pixel_values": processed(folder / "base", train)}
    for name, labels in answers.items():
        with quiet():
            expert = type(base).from_pretrained(folder / "base")
        save(fine_tune(expert, pixels, labels, rate, steps), folder / name)
    held, labels_by_name = pictures(180, seed=2)
    encoded = [{"bytes": png(picture), "path": None} for picture in held]
    pd.DataFrame({"image": encoded} | labels_by_name).to_parquet(folder / "data.parquet")
    data = 'all = "data.parquet"\nimage = "image"'
    tasks = "".join(text_task(name, data) for name in answers)
    return write_toml(folder, f'name = "my-images"\npretrained = "base"\n{tasks}')


def processed(folder: Path, found: Sequence[Image.Image]) -> torch.Tensor:
    """Return images processed by transformers' own processor of a folder."""
    with quiet():
        auto: Any = AutoImageProcessor
        processor = auto.from_pretrained(folder, backend="pil")
    made: torch.Tensor = processor(list(found), return_tensors="pt")["pixel_values"]
    return made


def png(picture: Image.Image) -> bytes:
    """An image as the bytes of a file."""
    file = io.BytesIO()
    picture.save(file, "png")
    return file.getvalue()
