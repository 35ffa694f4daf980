"""Commands on results as data: verify, merge, split, export."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...errors import ParameterError
from .app import app
from .interrupts import stopping_in_order

if TYPE_CHECKING:
    from ..merge_split import Made


@app.command()
def verify(
    directory: Annotated[
        str, typer.Argument(help="A run directory, an archive, a `.zip` file or `NAME!`.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Read every file with its checksums; name those that are damaged, foreign or newer.

    Nothing is altered. Exit status 0 only if all is whole, else 1.

    Example: `fusefront verify runs/smoke`
    """
    report(directory, as_json=as_json)


def report(source: str, *, as_json: bool = False) -> None:
    """Verify and print: a line for each fault with what to do, and the counts."""
    from ...results.verify import verify as look

    files, faults = look(source)
    if as_json:
        print(json.dumps({"files": files, "faults": [fault._asdict() for fault in faults]}))
    else:
        for fault in faults:
            print(f"BAD  {fault}")
        bad = len({fault.file for fault in faults})
        whole = f"every one of {files} files is whole" if not bad else f"{bad} of {files} files bad"
        print(f"{source}: {whole}")
    raise typer.Exit(1 if faults else 0)


@app.command()
def merge(
    directories: Annotated[
        list[str], typer.Argument(help="Run directories, archives, `.zip` files or `NAME!`.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="A new directory.")],
) -> None:
    """Unite the runs of several results in a new run directory; none of them is altered.

    A run that several have is kept once, and must have the same results in all. What cannot be in
    one table is refused: other seeds, budgets, precisions, protocols or problems.

    Example: `fusefront merge runs/monday runs/tuesday.zip default! -o runs/all`
    """
    from ..merge_split import merge as make

    _tell(output, lambda: make(directories, output))


@app.command()
def split(
    directory: Annotated[
        str, typer.Argument(help="A run directory, an archive, a `.zip` file or `NAME!`.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="A new directory.")],
    problem: Annotated[list[str] | None, typer.Option("-p", help="Only these problems.")] = None,
    algorithm: Annotated[
        list[str] | None, typer.Option("-a", help="Only these algorithms.")
    ] = None,
    seeds: Annotated[str, typer.Option(help="Only these repetitions, such as `0,1`.")] = "",
) -> None:
    """Take some of the runs into a new run directory; the old one is not altered.

    Example: `fusefront split default! -p digits-all -a map -a rewarded-soup -o runs/few`
    """
    from ..merge_split import split as make

    numbers = _numbers(seeds)
    _tell(
        output,
        lambda: make(
            directory, output, problems=problem or (), algorithms=algorithm or (), seeds=numbers
        ),
    )


def _tell(output: Path, make: "Callable[[], Made]") -> None:
    """Make a directory and say what is in it; an interrupt leaves nothing."""
    try:
        with stopping_in_order(_stop):
            made = make()
    except KeyboardInterrupt:
        print("interrupted; nothing was written", file=sys.stderr)
        raise typer.Exit(130) from None
    print(f"{output}: {made.runs} runs")
    for note in made.notes:
        print(f"note: {note}")


def _stop() -> None:
    raise KeyboardInterrupt


def _numbers(text: str) -> list[int]:
    """Distinct repetitions, sorted."""
    numbers = [part.strip() for part in text.split(",")] if text else []
    if not all(number.isdecimal() and number.isascii() for number in numbers):
        raise ParameterError(f"`--seeds` must be numbers, such as `0,1`. Found `{text}`.")
    return sorted({int(number) for number in numbers})


@app.command()
def export(
    directory: Annotated[
        str, typer.Argument(help="A run directory, an archive, a `.zip` file or `NAME!`.")
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="A new folder; for xlsx a new file.")
    ],
    style: Annotated[str, typer.Option("--format", help="csv, xlsx, json or iohanalyzer.")] = "csv",
    table: Annotated[
        list[str] | None, typer.Option("--table", help="Only these: runs, fronts, scores ...")
    ] = None,
) -> None:
    """Write the tables for other programs; `iohanalyzer` is the anytime curves.

    Example: `fusefront export runs/smoke --format xlsx --table runs --table scores -o smoke.xlsx`
    """
    from ...results.archive.export import export as write
    from ..api import load

    notes = write(load(directory), output, format=style, tables=table or ())
    print(output)
    for note in notes:
        print(f"note: {note}")
