"""Measurement of the speed-up by `--precision bfloat16` on this processor."""

import statistics
import time
from typing import Final

import torch
from torch import Tensor, nn

_WIDTH, _HEADS, _TOKENS, _IMAGES = 768, 12, 50, 4
"""Shapes of a block of ViT-B/32 and of a small batch."""
_PAIRS: Final = 3
WORTH: Final = 1.1
"""Smallest speed-up that is recommended: less is lost in the noise of the machine."""
_HOPELESS: Final = 0.5


def speedup() -> float:
    """Return how many times as fast a training step of a transformer block is in bfloat16.

    The features that a processor announces do not show how fast it multiplies bfloat16 matrices,
    so both precisions are timed: in pairs, in CPU seconds, on one thread, as in a run. The first
    pair is the warm-up, and the median of the others is returned. If bfloat16 takes more than twice
    as long in the first pair, as on processors that must emulate it, that ratio is returned,
    because further pairs would take many seconds.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        block = nn.TransformerEncoderLayer(
            _WIDTH, _HEADS, 4 * _WIDTH, dropout=0.0, batch_first=True
        )
        tokens = torch.ones(_IMAGES, _TOKENS, _WIDTH)
        first = _ratio(block, tokens)
        if first < _HOPELESS:
            return first
        return statistics.median(_ratio(block, tokens) for _ in range(_PAIRS))
    finally:
        torch.set_num_threads(threads)


def advice(ratio: float) -> str:
    """Return a sentence about a speed-up.

    >>> advice(0.56)
    '0.56 times as fast as float32: `--precision bfloat16` is not worthwhile on this processor'
    """
    verdict = "is worthwhile" if ratio >= WORTH else "is not worthwhile"
    return (
        f"{ratio:.2f} times as fast as float32: `--precision bfloat16` {verdict} on this processor"
    )


def _ratio(block: nn.Module, tokens: Tensor) -> float:
    return _seconds(block, tokens, bfloat16=False) / _seconds(block, tokens, bfloat16=True)


def _seconds(block: nn.Module, tokens: Tensor, *, bfloat16: bool) -> float:
    start = time.process_time()
    with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
        loss = block(tokens).float().square().mean()
    loss.backward()
    return time.process_time() - start
