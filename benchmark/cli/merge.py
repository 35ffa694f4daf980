"""`fusefront merge`: unite the runs of several results."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .app import SOURCE, NewDirectory, Trust, app
from .interrupts import stop_gracefully

if TYPE_CHECKING:
    from ..merge_split import Made


@app.command()
def merge(
    sources: Annotated[
        list[str], typer.Argument(metavar="RESULTS...", help=f"{SOURCE} Several of them.")
    ],
    output: NewDirectory,
    trust: Trust = False,
) -> None:
    """Unite the runs of several results in a new run directory, without changing the sources.

    A run that several sources contain is kept once, and must have the same results in all of them.
    Results that cannot share a table are refused: those with different root seeds, budgets,
    precisions, protocols, or versions of a problem. Without `--trust`, a study that names plug-ins
    is not read, since that would execute them, and the new directory has no study.

    Examples:
    - `fusefront merge runs/smoke runs/my-merge -o runs/both`
    """
    from ..merge_split import merge as make

    create(output, lambda: make(sources, output, trust=trust))


def create(output: Path, make: "Callable[[], Made]") -> None:
    """Create a directory and report its contents; an interrupt leaves nothing behind."""
    try:
        # The first interrupt stops at once: no work of `make` is worth finishing, but it has to
        # remove its temporary directory.
        with stop_gracefully(_interrupt):
            made = make()
    except KeyboardInterrupt:
        print("interrupted; nothing was written", file=sys.stderr)
        raise typer.Exit(130) from None
    print(f"{output}: {made.runs} runs")
    from ...results.escape import printable

    for note in made.notes:
        print(f"note: {printable(note)}")


def _interrupt() -> None:
    raise KeyboardInterrupt
