"""The application that commands are added to."""

from importlib.metadata import version as package_version

import typer

from ...errors import ParameterError

app = typer.Typer(
    name="fusefront",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help=(
        "Benchmark multi-objective model fusion: merge experts so that every preference over "
        "the tasks gets a model.\n\n"
        "Example: `fusefront run smoke -o runs/smoke`, then `fusefront table runs/smoke`."
    ),
)


def _version(asked: bool) -> None:
    if asked:
        print(package_version("fusefront"))
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version."
    ),
) -> None:
    pass


def key_value(text: str) -> tuple[str, str]:
    """The two sides of a `--label`."""
    key, separator, value = text.partition("=")
    if not separator:
        raise ParameterError(f"`--label` must be key=value. Found `{text}`.")
    return key, value
