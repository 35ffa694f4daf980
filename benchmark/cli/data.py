"""Commands for what ships: pre-run archives, reference fronts, expert weights."""

from pathlib import Path
from typing import Annotated, Final

import typer

from ...registry import unknown_name
from .app import app

TINY_GPT2: Final = "tiny-gpt2"

data = typer.Typer(
    no_args_is_help=True, help="Pre-run results that ship: list, verify, unpack, pack."
)
app.add_typer(data, name="data")


@data.command("list")
def list_archives() -> None:
    """List the pre-run archives; load one with `fusefront.load_prerun(NAME)`.

    Example: `fusefront data list`
    """
    from ...results.archive.archive import manifest, prerun_names, prerun_path

    for name in prerun_names():
        facts = manifest(prerun_path(name))
        made = f"made {facts['created']} by fusefront {facts['fusefront']}"
        print(f"{name}  {facts['runs']} runs, {made}: {facts['note'] or 'no note'}")


@data.command()
def verify(name: Annotated[str, typer.Argument(help="A pre-run archive.")]) -> None:
    """Check every file of a pre-run archive that ships; `fusefront verify` takes any results.

    Example: `fusefront data verify default`
    """
    from .store import report

    report(f"{name.rstrip('!')}!")


@data.command()
def pack(
    directory: Annotated[str, typer.Argument(help="A run directory, archive or `NAME!`.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="The archive's folder, or one `.zip` file.")
    ],
    note: Annotated[str, typer.Option(help="What these results are.")] = "",
) -> None:
    """Pack results into an archive: compacted tables and a manifest of hashes.

    An output that ends in `.zip` is one file, for mailing; every command reads it as it is.

    Examples: `fusefront data pack runs/default -o my-archive --note "my machine"`;
    `fusefront data pack runs/default -o results.zip`
    """
    from ...results.archive.archive import pack as write
    from ...results.archive.zip_file import SUFFIX, pack_single
    from ...results.load import open_results, read

    with open_results(directory) as folder:
        results = read(folder)
    print((pack_single if output.suffix == SUFFIX else write)(results, output, note=note))


@data.command()
def unpack(
    source: Annotated[
        str, typer.Argument(help="A pre-run archive, the folder of one, or a `.zip` file.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="The run directory to make.")],
) -> None:
    """Make a run directory of an archive, so that `fusefront run -o` goes on from its runs.

    Examples: `fusefront data unpack comparison -o runs/comparison`;
    `fusefront data unpack results.zip -o runs/theirs`
    """
    from ...results.load import open_results, read_archive
    from ...results.merge import unpack as write

    with open_results(source if Path(source).exists() else f"{source.rstrip('!')}!") as folder:
        results = read_archive(folder)
    print(f"{write(results, output)}: {len(results.runs)} runs")


@data.command()
def references(
    directory: Annotated[Path, typer.Argument(help="A run directory or archive.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for the fronts.")],
) -> None:
    """Freeze reference fronts: per problem, the nondominated points of all done runs.

    Example: `fusefront data references runs/default -o results/reference_fronts`
    """
    from ..api import load
    from ..score.reference_fronts import freeze

    for problem, front in freeze(load(directory), output):
        print(f"{problem}: {len(front.points)} points, {front}")


@app.command()
def retrain(
    family: Annotated[str, typer.Argument(help="digits, smoke, garments or tiny-gpt2.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for the weights.")],
) -> None:
    """Train a family's backbone and experts again, as the shipped ones were (minutes).

    Example: `fusefront retrain smoke -o my-weights`
    """
    from ...problems.vision.families import FAMILIES
    from ...results.files.parquet import write_bytes

    if family not in (*FAMILIES, TINY_GPT2):
        raise unknown_name("family", family, [*FAMILIES, TINY_GPT2])
    write_bytes(output / ".probe", b"")  # an unwritable folder is told before, not after
    (output / ".probe").unlink()
    if family == TINY_GPT2:
        from ...problems.language.recipe import train as train_language_model

        print(train_language_model(output, report=print))
        return
    from ...problems.vision.recipe import train

    print(train(family, output, report=print))
