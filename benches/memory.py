"""Memory of MoE fusion and of fine-tuning by linear scalarization: `python -m benches.memory`.

The shapes are those of ViT-B/32, with 16 images of each task per step; the second step with Adam is
measured. Bytes are those of tensors: the peak of what the step allocates, and what exists
permanently.
"""

import sys
from collections.abc import Callable

import torch
from torch import Tensor

from benches.vit import B32, Shapes
from fusefront.algorithms.moe.router import Routers, routed_rows
from fusefront.algorithms.training.criterion import CrossEntropy
from fusefront.algorithms.training.decoder import ConstantWeights, Decoder
from fusefront.algorithms.training.weighting import weighted
from fusefront.algorithms.training.weightings import Linear
from fusefront.benchmark.run.meters import PeakMemory

RAYS = 11
MIB = 2**20


def peak(step: Callable[[], object]) -> int:
    """Return the peak bytes of a second step; the first one allocates what remains."""
    step()
    with PeakMemory() as memory:
        step()
    return memory.peak_bytes


def stepper(made: Shapes, decoder: Decoder) -> tuple[Callable[[], None], list[Tensor]]:
    """Return a training step on sum_i p_i L_i, and the parameters that it trains."""
    view = made.view("float32")
    generator = torch.Generator().manual_seed(0)
    parameters = decoder.start(made.pool, generator)
    for parameter in parameters:
        parameter.requires_grad_()
    optimiser = torch.optim.Adam(parameters, lr=1e-4)
    preference = torch.full((made.tasks,), 1 / made.tasks)

    def step() -> None:
        loss = weighted(
            view,
            decoder.decode(made.pool, parameters, preference),
            parameters,
            made.batch,
            preference=preference,
            weighting=Linear(),
            criterion=CrossEntropy(),
            generator=generator,
        )
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()

    return step, parameters


def main() -> None:
    """Print the table of docs/performance.md."""
    head = "| T | | trained parameters | permanent, MiB | peak of a step, MiB | total |"
    lines = [f"{head}kept for {RAYS} preferences, MiB |", "| --- " * 7 + "|"]
    for tasks in (2, 3, 8):
        made = Shapes(config=B32, tasks=tasks)
        model = made.pool.pretrained.nbytes
        rows = routed_rows(made.pool.layout.groups("module"))
        decoders: dict[str, Decoder] = {
            "PWEMoE-LS": Routers(space="module", routed=rows, initial=0.3),
            "fine-tuning, one ray": ConstantWeights(),
        }
        for name, decoder in decoders.items():
            step, parameters = stepper(made, decoder)
            most = peak(step)
            trained = sum(p.numel() for p in parameters)
            moe = name.startswith("PWEMoE")
            # Fine-tuning has no pool: its weights and Adam's two moments of them.
            always = made.pool.nbytes + 12 * trained if moe else 12 * trained
            kept = made.pool.nbytes + 4 * trained if moe else RAYS * model
            figures = [always / MIB, most / MIB, (always + most) / MIB, kept / MIB]
            cells = " | ".join(f"{figure:,.0f}" for figure in figures)
            lines.append(f"| {tasks} | {name} | {trained:,} | {cells} |")
            del step, parameters
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
