"""The command that writes a first problem or algorithm to go on from."""

import re
from pathlib import Path
from typing import Annotated

import typer

from ...errors import ParameterError, StoreError
from .app import app
from .scaffolds import ALGORITHM, PROBLEM

KINDS = ("problem", "algorithm")
_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")


@app.command()
def new(
    kind: Annotated[str, typer.Argument(help="problem or algorithm.")],
    name: Annotated[str, typer.Argument(help="Lower-case words joined by `-`.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder of the new file; made if need be.")
    ] = Path(),
) -> None:
    """Write a commented file to fill in: your own experts as a problem, or your own algorithm.

    Nothing is ever overwritten.

    Example: `fusefront new problem my-pair`, `fusefront new algorithm my-merge -o plugins`
    """
    if kind not in KINDS:
        raise ParameterError(f"The kind must be problem or algorithm. Found `{kind}`.")
    if _NAME.fullmatch(name) is None:
        raise ParameterError(f"The name must be lower-case words joined by `-`. Found `{name}`.")
    if kind == "problem":
        path = output / f"{name}.toml"
        _write(path, PROBLEM.substitute(name=name, file=path.name))
        _check(path)
        after = f"fusefront doctor --problem {path}"
    else:
        path = output / f"{name.replace('-', '_')}.py"
        cls = "".join(word.capitalize() for word in name.split("-"))
        _write(path, ALGORITHM.substitute(name=name, file=path.name, cls=cls))
        after = f"fusefront run smoke -a ./{path}:{cls} -o runs/{name}"
    print(f"wrote {path}\nnext: fill it in, then `{after}`")


def _write(path: Path, text: str) -> None:
    """Write a file that must not be there yet."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise StoreError(
            f"`{path}` must not exist yet. Found it. Take another name or `-o FOLDER`."
        ) from None
    except OSError as error:
        raise StoreError(f"`{path}` must be writable. Found {error}.") from error


def _check(path: Path) -> None:
    """The file must be readable as it is, so that only its values are to fill in."""
    from ...problems.custom import problem_entry

    problem_entry(path)
