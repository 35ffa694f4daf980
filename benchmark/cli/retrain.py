"""`fusefront retrain`: train the shipped experts again."""

from pathlib import Path
from typing import Annotated, Final

import typer

from ...registry import unknown_name
from .app import app

TINY_GPT2: Final = "tiny-gpt2"


@app.command()
def retrain(
    family: Annotated[
        str, typer.Argument(metavar="FAMILY", help="digits, smoke, garments or tiny-gpt2.")
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIRECTORY", help="Folder for the weights.")
    ],
) -> None:
    """Train the pretrained model and the experts of a shipped family again.

    This takes between a minute (`smoke`) and several minutes. `garments` and `tiny-gpt2` need data
    that does not come with fusefront; `fusefront doctor` prints how to get it.

    Examples:
    - `fusefront retrain smoke -o my-weights`
    """
    from ...problems.vision.families import FAMILIES
    from ...results.files.parquet import write_bytes

    if family not in (*FAMILIES, TINY_GPT2):
        raise unknown_name("family", family, [*FAMILIES, TINY_GPT2])
    # Writing a probe reports a folder that cannot be written before minutes of training.
    write_bytes(output / ".probe", b"")
    (output / ".probe").unlink()
    if family == TINY_GPT2:
        from ...problems.language.recipe import train as train_language_model

        print(train_language_model(output, report=print))
        return
    from ...problems.vision.recipe import train

    print(train(family, output, report=print))
