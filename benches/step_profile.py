"""Profile of a PWEMoE-LS step at ViT-B/32 shapes: `python -m benches.step_profile`."""

import time
from collections.abc import Callable

import torch
from torch.nn import functional
from torch.profiler import ProfilerActivity, profile

from benches.test_pwemoe_step import WEIGHTINGS, ours
from fusefront.problems.budget import PRECISIONS

SHOWN = 8


def seconds(work: Callable[[], object], rounds: int = 5) -> float:
    """Return the minimum CPU seconds of several calls."""
    found = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


def main() -> None:
    """Print the costliest operations of each precision, and one linear layer."""
    torch.set_num_threads(1)
    for precision in PRECISIONS:
        step = ours(2, precision, WEIGHTINGS["ls"])
        step()
        with profile(activities=[ProfilerActivity.CPU]) as taken:
            step()
        events = sorted(taken.key_averages(), key=lambda e: -e.self_cpu_time_total)
        total = sum(e.self_cpu_time_total for e in events)
        print(f"{precision}: {total / 1e6:.2f} s")
        for event in events[:SHOWN]:
            print(f"  {event.self_cpu_time_total / total:6.1%}  {event.key}")
    x, weight, bias = torch.randn(1600, 768), torch.randn(3072, 768), torch.randn(3072)
    with torch.inference_mode():
        least = seconds(lambda: functional.linear(x, weight, bias))
    print(f"linear 1600 x 768 x 3072: {1e3 * least:.0f} ms")


if __name__ == "__main__":
    main()
