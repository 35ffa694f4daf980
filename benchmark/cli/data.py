"""`fusefront data`: archives of results and reference fronts."""

from pathlib import Path
from typing import Annotated

import typer

from .app import NewDirectory, Source, app

data = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="List, verify, pack and unpack archives of results, and freeze reference fronts.",
)
app.add_typer(data, name="data")


@data.command("list")
def list_archives() -> None:
    """List the pre-run archives that ship with fusefront.

    `fusefront.load_prerun(NAME)` loads one, and commands read it as `NAME!`.

    Examples:
    - `fusefront data list`
    """
    from ...results.archive.archive import manifest, prerun_names, prerun_path

    for name in prerun_names():
        facts = manifest(prerun_path(name))
        made = f"made {facts['created']} by fusefront {facts['fusefront']}"
        print(f"{name}  {facts['runs']} runs, {made}: {facts['note'] or 'no note'}")


@data.command()
def verify(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A pre-run archive.")],
) -> None:
    """Check every file of a pre-run archive that ships with fusefront.

    `fusefront verify` does the same for any results.

    Examples:
    - `fusefront data verify default`
    """
    from .verify import report

    report(f"{name.rstrip('!')}!")


@data.command()
def pack(
    source: Source,
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", metavar="PATH", help="The folder to create, or one `.zip` file."
        ),
    ],
    note: Annotated[
        str, typer.Option(metavar="TEXT", help="A description of the results, for the manifest.")
    ] = "",
) -> None:
    """Pack results into an archive: compacted tables with a manifest of hashes.

    An output that ends in `.zip` becomes one file, which is easy to send; every command reads it
    directly.

    Examples:
    - `fusefront data pack runs/smoke -o smoke.zip`
    - `fusefront data pack runs/smoke -o my-archive --note "my machine"`
    """
    from ...results.archive.archive import pack as write
    from ...results.archive.zip_file import SUFFIX, pack_single
    from ...results.load import open_results, read

    with open_results(source) as folder:
        results = read(folder)
    print((pack_single if output.suffix == SUFFIX else write)(results, output, note=note))


@data.command()
def unpack(
    source: Annotated[
        str,
        typer.Argument(metavar="ARCHIVE", help="A pre-run archive, a folder, or a `.zip` file."),
    ],
    output: NewDirectory,
) -> None:
    """Turn an archive into a run directory, which `fusefront run -o` can extend.

    Examples:
    - `fusefront data unpack smoke.zip -o runs/unpacked`
    - `fusefront data unpack default -o runs/default`
    """
    from ...results.load import open_results, read_archive
    from ...results.merge import unpack as write

    with open_results(source if Path(source).exists() else f"{source.rstrip('!')}!") as folder:
        results = read_archive(folder)
    print(f"{write(results, output)}: {len(results.runs)} runs")


@data.command()
def references(
    source: Source,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIRECTORY", help="Folder for the fronts.")
    ],
) -> None:
    """Freeze a reference front per problem, made of the points of all done runs.

    The points are kept with the algorithms that supplied them, so that each algorithm can be
    measured against all others.

    Examples:
    - `fusefront data references runs/smoke -o reference_fronts`
    - `fusefront data references default! -o reference_fronts`
    """
    from ...results.references import freeze
    from ..api import load

    for problem, front in freeze(load(source), output):
        print(f"{problem}: {len(front.points)} points, {front}")
