"""A mirror of the hub with tiny models and data sets of the same names, formats and columns.

Experts are made by plain transformers code, so that what the suites read of them can be compared
with what made them.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import torch
import transformers
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

from fusefront.problems.hub.suites import SUITES, HubTask, prompts

SIDE, EMBEDDING = 32, 16
LABELS = 4
"""Classes that occur in the stand-ins' data; heads have all."""
TRAIN, TEST = 120, 60
WORDS = ("red", "blue", "green", "grey", "pink")


def clip_base() -> Any:
    tower: dict[str, Any] = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "projection_dim": EMBEDDING,
        "initializer_range": 0.2,
        "initializer_factor": 4.0,
    }
    config = transformers.CLIPConfig(
        text_config=tower
        | {"vocab_size": 514, "max_position_embeddings": 77, "eos_token_id": 513, "pad_token_id": 1}
        | {"bos_token_id": 512},
        vision_config=tower | {"image_size": SIDE, "patch_size": 16},
        projection_dim=EMBEDDING,
    )
    torch.manual_seed(0)
    return transformers.CLIPModel(config).eval()  # type: ignore[no-untyped-call]


def letters() -> list[str]:
    """One printable letter for each byte, as byte-level tokenizers have them."""
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    return list(bytes_to_unicode().values())  # type: ignore[no-untyped-call]


def clip_tokenizer() -> Any:
    words = [*letters(), *(f"{c}</w>" for c in letters()), "<|startoftext|>", "<|endoftext|>"]
    return transformers.CLIPTokenizer(vocab={w: i for i, w in enumerate(words)}, merges=[])


def gpt2_tokenizer() -> Any:
    words = [*letters(), "<|endoftext|>"]
    return transformers.GPT2Tokenizer(vocab={w: i for i, w in enumerate(words)}, merges=[])


def gpt2_config(n_classes: int) -> transformers.GPT2Config:
    config = transformers.GPT2Config(
        vocab_size=257,
        n_positions=64,
        n_embd=32,
        n_layer=2,
        n_head=2,
        bos_token_id=256,
        eos_token_id=256,
        pad_token_id=256,
    )
    config.num_labels = n_classes
    return config


def image_rows(task: HubTask, n: int, seed: int) -> list[tuple[Image.Image, int]]:
    """Images of odd sizes, some of them grey, whose brightness on the left gives the label."""
    random = np.random.default_rng([seed, len(task.name), task.n_classes])
    found = []
    for i in range(n):
        label = int(random.integers(LABELS))
        height, width = random.integers(30, 60, 2)
        pixels = random.integers(0, 60, (height, width, 3))
        pixels[:, : width // 2, label % 3] += 120 if label < 3 else 0
        image = Image.fromarray(pixels.astype(np.uint8))
        found.append((image.convert("L") if i % 10 == 9 and label == 3 else image, label))
    return found


def text_rows(task: HubTask, n: int, seed: int) -> list[tuple[list[str], int]]:
    """Sentences that occur once, of a few words, the last of which gives the label."""
    random = np.random.default_rng([seed, len(task.title), n])
    found = []
    for i in range(n):
        label = int(random.integers(task.n_classes))
        texts = [" ".join(random.choice(WORDS, int(random.integers(1, 5)))) for _ in task.inputs]
        texts[0] = f"{seed}{i} {texts[0]}"
        texts[-1] = f"{texts[-1]} {'abc'[label]}"
        found.append((texts, label))
    return found


def image_data(task: HubTask) -> datasets.DatasetDict:
    features = datasets.Features(
        image=datasets.Image(), label=datasets.ClassLabel(num_classes=task.n_classes)
    )
    splits = {"train": image_rows(task, TRAIN, 0), "test": image_rows(task, TEST, 1)}
    return datasets.DatasetDict(
        {
            name: datasets.Dataset.from_dict(
                {"image": [image for image, _ in rows], "label": [label for _, label in rows]},
                features=features,
            )
            for name, rows in splits.items()
        }
    )


def text_data(task: HubTask) -> datasets.DatasetDict:
    features = datasets.Features(
        {column: datasets.Value("string") for column in task.inputs}
        | {"label": datasets.ClassLabel(num_classes=task.n_classes), "idx": datasets.Value("int32")}
    )
    splits = {"train": text_rows(task, TRAIN, 0), task.test_split: text_rows(task, TEST, 1)}
    return datasets.DatasetDict(
        {
            name: datasets.Dataset.from_dict(
                {c: [texts[i] for texts, _ in rows] for i, c in enumerate(task.inputs)}
                | {"label": [label for _, label in rows], "idx": list(range(len(rows)))},
                features=features,
            )
            for name, rows in splits.items()
        }
    )


def clip_pixels(images: Sequence[Image.Image]) -> Tensor:
    """Return the output of CLIP's own processor."""
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    processor = CLIPImageProcessorPil(
        size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}
    )
    pixels: Tensor = processor(list(images), return_tensors="pt")["pixel_values"]
    return pixels


def clip_head(model: Any, task: HubTask) -> Tensor:
    """`(C, H)` zero-shot head, class by class and template by template."""
    tokenizer = clip_tokenizer()
    rows = []
    with torch.no_grad():
        for name in prompts(task.name).classes:
            total = torch.zeros(EMBEDDING)
            for template in prompts(task.name).templates:
                ids = torch.tensor([tokenizer(template.replace("{}", name))["input_ids"][:77]])
                vector = model.text_projection(model.text_model(input_ids=ids).pooler_output)[0]
                total += vector / vector.norm()
            rows.append(total / total.norm())
    return torch.stack(rows)


def clip_logits(model: Any, pixels: Tensor, head: Tensor) -> Tensor:
    embedded = model.visual_projection(model.vision_model(pixel_values=pixels).pooler_output)
    cosine = embedded @ head.T / embedded.norm(dim=-1, keepdim=True)
    logits: Tensor = cosine * model.logit_scale.detach().exp()
    return logits


def fine_tune(parameters: Sequence[Tensor], loss: Any, steps: int) -> None:
    optimiser = torch.optim.Adam(parameters, lr=3e-3)
    for _ in range(steps):
        optimiser.zero_grad()
        loss().backward()
        optimiser.step()


def write_clip(mirror: Path, suite_name: str, tasks: Sequence[str]) -> None:
    """Write pretrained model, data, and experts as on the hub: `vision_model.`, position ids."""
    suite = SUITES[suite_name]
    base = clip_base()
    base.save_pretrained(mirror / suite.pretrained)
    clip_tokenizer().save_pretrained(mirror / suite.pretrained)
    for name in tasks:
        task, model = suite.task(name), clip_base()
        data = image_data(task)
        data.save_to_disk(str(mirror / "datasets" / task.dataset / task.config))
        rows = image_rows(task, TRAIN, 0)
        pixels, labels = clip_pixels([i for i, _ in rows]), torch.tensor([y for _, y in rows])
        head = clip_head(model, task)
        fine_tune(
            list(model.vision_model.parameters()),
            lambda m=model, p=pixels, y=labels, h=head: functional.cross_entropy(
                clip_logits(m, p, h), y
            ),
            steps=40,
        )
        folder = mirror / suite.expert(name)
        folder.mkdir(parents=True)
        tensors = {f"vision_model.{k}": v for k, v in model.vision_model.named_parameters()}
        tensors = {k: v.detach().contiguous() for k, v in tensors.items()}
        tensors["vision_model.embeddings.position_ids"] = torch.arange(5)[None]
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
        config = base.config.vision_config.to_dict() | {"model_type": "clip_vision_model"}
        (folder / "config.json").write_text(json.dumps(config, default=str))


def write_gpt2(mirror: Path, tasks: Sequence[str]) -> None:
    """Write the model under its short name, experts with score layers, GLUE by configuration."""
    suite, tokenizer = SUITES["gpt2"], gpt2_tokenizer()
    torch.manual_seed(0)
    base = transformers.GPT2Model(gpt2_config(2))
    base.save_pretrained(mirror / "gpt2")
    tokenizer.save_pretrained(mirror / "gpt2")
    for name in tasks:
        task = suite.task(name)
        text_data(task).save_to_disk(str(mirror / "datasets" / "glue" / task.config))
        torch.manual_seed(len(name))
        model: Any = transformers.GPT2ForSequenceClassification(gpt2_config(task.n_classes))
        model.eval()
        model.transformer.load_state_dict(base.state_dict())
        rows = text_rows(task, TRAIN, 0)
        tokens, labels = gpt2_tokens([t for t, _ in rows]), torch.tensor([y for _, y in rows])
        fine_tune(
            list(model.transformer.parameters()),
            lambda m=model, x=tokens, y=labels: m(**x, labels=y).loss,
            steps=40,
        )
        model.save_pretrained(mirror / suite.expert(name))


def gpt2_tokens(texts: Sequence[Sequence[str]]) -> Any:
    """Ids and mask as the experts' recipe makes them: padded by the end token."""
    tokenizer = gpt2_tokenizer()
    tokenizer.pad_token = "<|endoftext|>"
    columns = [list(column) for column in zip(*texts, strict=True)]
    return tokenizer(*columns, padding=True, truncation=True, max_length=64, return_tensors="pt")
