"""`fusefront verify`: check the integrity of results."""

import json

import typer

from .app import AsJson, Source, app


@app.command()
def verify(source: Source, as_json: AsJson = False) -> None:
    """Read every file of the results, and report those that are damaged, unknown or too new.

    Checksums are compared, and nothing is changed. The exit status is 1 if a file has a fault.

    Examples:
    - `fusefront verify runs/smoke`
    - `fusefront verify default! --json`
    """
    report(source, as_json=as_json)


def report(source: str, *, as_json: bool = False) -> None:
    """Verify results, print one line per fault with its remedy, and exit with 0 or 1."""
    from ...results.tables.escape import printable
    from ...results.verify import verify as check

    files, faults = check(source)
    if as_json:
        print(json.dumps({"files": files, "faults": [fault._asdict() for fault in faults]}))
    else:
        for fault in faults:
            print(f"BAD  {printable(str(fault))}")
        bad = len({fault.file for fault in faults})
        summary = f"{bad} of {files} files have a fault" if bad else f"all {files} files are intact"
        print(f"{source}: {summary}")
    raise typer.Exit(1 if faults else 0)
