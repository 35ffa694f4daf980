"""The measurement on which `fusefront doctor` bases its advice about bfloat16."""

import pytest
import torch

from fusefront.benchmark.run import bfloat16


def test_bfloat16_is_measured_and_the_threads_stay() -> None:
    before = torch.get_num_threads()
    assert 0 < bfloat16.speedup() < 20
    assert torch.get_num_threads() == before


@pytest.mark.parametrize(("ratio", "verdict"), [(0.05, "does not"), (1.0, "does not"), (1.68, "")])
def test_bfloat16_is_advised_where_it_is_faster(ratio: float, verdict: str) -> None:
    advice = bfloat16.advice(ratio)
    assert advice.startswith(f"{ratio:.2f} times as fast as float32")
    assert ("is not worthwhile" in advice) == bool(verdict)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [([2.0, 1.0, 3.0, 1.0, 4.0, 2.0, 5.0, 1.0], 3.0), ([1.0, 21.0], 1 / 21)],
    ids=["median without the first pair", "emulated: one pair"],
)
def test_pairs_of_times_become_one_ratio(
    seconds: list[float], expected: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter(seconds)
    monkeypatch.setattr(bfloat16, "_seconds", lambda *_, **__: next(times))
    assert bfloat16.speedup() == pytest.approx(expected)
    assert next(times, None) is None
