"""`fusefront verify`: check the integrity of results."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...errors import ParameterError
from .app import AsJson, Source, app

if TYPE_CHECKING:
    from ...results.verify import Verification


@app.command()
def verify(
    source: Source,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair",
            help="Rename the damaged files of a run directory to `*.damaged`, so that the next "
            "`fusefront run` makes them again.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Read every file of the results, and report those that are damaged, unknown or too new.

    Checksums are compared. Nothing is changed without `--repair`. The exit status is 1 if a file
    has a fault.

    Examples:
    - `fusefront verify runs/smoke`
    - `fusefront verify runs/smoke --repair`
    - `fusefront verify default! --json`
    """
    if repair:
        _repair(source)
    else:
        report(source, as_json=as_json)


def _repair(source: str) -> None:
    from ...results.directory.parts import PARTS
    from ...results.repair import repair

    if not (Path(source) / PARTS).is_dir():
        raise ParameterError(
            f"`--repair` must be used with a run directory. Found `{source}`. Archives cannot be "
            "repaired: fetch the file again."
        )
    found, moved = repair(Path(source))
    _print(source, found)
    for path in moved:
        print(f"set aside {path}")
    raise typer.Exit(1 if found.faults else 0)


def report(source: str, *, as_json: bool = False) -> None:
    """Verify results, print one line per fault with its remedy, and exit with 0 or 1."""
    from ...results.verify import verify as check

    found = check(source)
    if as_json:
        faults = [fault._asdict() for fault in found.faults]
        print(json.dumps({"files": found.files, "faults": faults}))
    else:
        _print(source, found)
    raise typer.Exit(1 if found.faults else 0)


def _print(source: str, found: "Verification") -> None:
    from ...results.escape import printable

    for fault in found.faults:
        print(f"BAD  {printable(str(fault))}")
    bad = len({fault.file for fault in found.faults})
    intact = f"all {found.files} files are intact"
    print(f"{source}: {f'{bad} of {found.files} files have a fault' if bad else intact}")
