"""`fusefront export`: tables for other programs."""

from pathlib import Path
from typing import Annotated

import typer

from .app import Source, app


@app.command()
def export(
    source: Source,
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", metavar="PATH", help="The folder to create; for xlsx, the file."
        ),
    ],
    style: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="csv, xlsx, json or iohanalyzer.")
    ] = "csv",
    table: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Only this table, such as runs, fronts or scores; repeatable."
        ),
    ] = None,
) -> None:
    """Write the tables for other programs.

    The format `iohanalyzer` contains anytime curves for IOHanalyzer instead of tables.

    Examples:
    - `fusefront export runs/smoke -o tables`
    - `fusefront export runs/smoke --format xlsx --table runs --table scores -o smoke.xlsx`
    """
    from ...results.archive.export import export as write
    from ..api import load

    notes = write(load(source), output, format=style, tables=table or ())
    print(output)
    for note in notes:
        print(f"note: {note}")
