"""The application that commands register with, and the options that several of them share."""

import sys
from importlib.metadata import version as package_version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ...errors import ParameterError

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(
    name="fusefront",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help=(
        "Benchmark multi-objective model fusion: merge expert models so that every preference "
        "over their tasks is served by a model.\n\n"
        "Examples:\n- `fusefront run smoke -o runs/smoke`\n- `fusefront table runs/smoke`"
    ),
)

SOURCE: Final = (
    "A run directory, an archive, a `.zip` file, or `NAME!` for an archive shipped with fusefront."
)
FORMATS: Final = "text, markdown, latex, csv or json."

Source = Annotated[str, typer.Argument(metavar="RESULTS", help=SOURCE)]
NewDirectory = Annotated[
    Path, typer.Option("-o", "--output", metavar="DIRECTORY", help="The directory to create.")
]
Problems = Annotated[
    list[str] | None, typer.Option("-p", metavar="NAME", help="Only this problem; repeatable.")
]
Algorithms = Annotated[
    list[str] | None, typer.Option("-a", metavar="NAME", help="Only this algorithm; repeatable.")
]
Labels = Annotated[
    list[str] | None,
    typer.Option(
        "--label",
        metavar="KEY=VALUE",
        help="Only problems, or only algorithms, with this label; repeatable.",
    ),
]
Trust = Annotated[
    bool,
    typer.Option("--trust", help="Execute the plug-ins that the study of existing results names."),
]
Style = Annotated[str, typer.Option("--format", metavar="FORMAT", help=FORMATS)]
Test = Annotated[str, typer.Option(metavar="TEST", help="With --baseline: sign-flip or wilcoxon.")]
Correction = Annotated[
    str,
    typer.Option(
        metavar="NAME", help="Of the tests: holm, bonferroni, benjamini-hochberg or none."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]


def _print_version(requested: bool) -> None:
    if requested:
        print(package_version("fusefront"))
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version."
    ),
) -> None:
    pass


def key_value(text: str) -> tuple[str, str]:
    """Split the `key=value` of a `--label` option.

    Raises:
        ParameterError: If there is no `=`.
    """
    key, separator, value = text.partition("=")
    if not separator:
        raise ParameterError(f"`--label` must be key=value. Found `{text}`.")
    return key, value


def terminal() -> "Console | None":
    """Return a console for standard output, or None if it is not a terminal.

    Rich's own test is not used: it believes `FORCE_COLOR` and would send escape codes to a file.
    """
    if not sys.stdout.isatty():
        return None
    from rich.console import Console

    return Console(highlight=False)
