"""`fusefront new`: write a first problem or algorithm to start from."""

import re
from pathlib import Path
from string import Template
from typing import Annotated, Final

import typer

from ...errors import ParameterError, StoreError
from .app import app

_NAME: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")

PROBLEM: Final = Template("""\
# A problem made of your pretrained model, experts and data. Paths are relative to this file.
# Check it with `fusefront doctor --problem $file`, and run it with
# `fusefront run -p $file -a rewarded-soup -a ls-coefficients -o runs/$name`.

name = "$name"
pretrained = "checkpoints/pretrained"  # folder with config.json and model.safetensors, or a hub id
# revision = "main"            # of a pretrained model on the hub; a commit never changes
# max_length = 128             # number of tokens after which texts are truncated
# fractions = [0.4, 0.2, 0.4]  # calibration, validation and test of a file with all splits
# seed = 0                     # of that division; equal inputs are in the same split of every task
# pooling = "classifier"       # features are the input of the model's last linear layer. Or "cls",
#                              # "mean" or "last": hidden states of the backbone. Then only the
#                              # backbone is merged, and heads must be "fit" or files.
# module = "my_model.py:make"  # instead of transformers: a function without arguments that returns
#                              # a torch module from inputs to features. The pretrained model and
#                              # the experts are safetensors files of its state_dict(), and inputs
#                              # are `tensor`.

[[tasks]]
name = "first"
expert = "checkpoints/first"   # folder, hub id, or adapter of the pretrained model saved by PEFT
# revision = "main"            # of an expert on the hub
# head = "expert"              # the expert's own classifier, frozen. Or "fit": a logistic
#                              # regression on pretrained features of the calibration data. Or a
#                              # safetensors file with `weight` (classes x features) and `bias`.
[tasks.data]
all = "data/first.parquet"     # Parquet, CSV, TSV, JSON lines, a folder with one folder of images
#                              # per class, or a data set saved by `datasets`: "folder#split"
# calibration = "train.csv"    # instead of `all`: one file per split. Algorithms may learn from the
# validation = "dev.csv"       # first and choose by the second; they never see the third.
# test = "test.csv"
text = "text"                  # the column of texts, or two: ["premise", "hypothesis"]
# image = "image"              # instead of `text`: images as bytes, or as paths next to the file
# tensor = "x"                 # instead of `text`, with a `module`: numbers
label = "label"                # the column of classes: numbers from 0, or class names
# labels = ["no", "yes"]       # class names in the order of the head
# revision = "main"            # of a data set on the hub, whose id then replaces the path
# subset = "cola"              # configuration of a data set on the hub

[[tasks]]                      # two tasks or more
name = "second"
expert = "checkpoints/second"
[tasks.data]
all = "data/second.parquet"
text = "text"
label = "label"
""")
"""A problem file in which every key is explained."""

ALGORITHM: Final = Template('''\
"""An algorithm of your own: `fusefront run smoke -a ./$file:$cls -o runs/$name`."""

from dataclasses import dataclass

from fusefront import ALGORITHMS, Algorithm, Coefficients, MapSet
from fusefront.domains import PositiveFloat


@ALGORITHMS.register(
    "$name",
    source="your paper",
    output="map",
    data="none",
    access="weights",
    space="task",
    track="inductive",
    delivery="model",
)
@dataclass(frozen=True, kw_only=True)
class $cls(Algorithm):
    """Describe the algorithm in one line.

    Fields are hyper-parameters: `-a "./$file:$cls[scale=1.5]"`. The labels above are binding:

    - output, the kind of Pareto set: constant, finite or map;
    - data, what the fit learns from: none, unlabelled or labelled;
    - access, how it uses models: weights, evaluations or gradients;
    - space, what it searches: merging coefficients per task, block, module or tensor; low-rank
      changes; or all weights;
    - track: inductive, or transductive if it adapts to the test inputs;
    - delivery: what serves a preference: one model, or a system of several.

    `fusefront check "./$file:$cls"` tests them.

    Args:
        scale: Length of the task vectors. Its annotation refuses other values before a run.
    """

    scale: PositiveFloat = 1.0

    def fit(self, view, *, generator):
        """Learn from `view`: experts, batches, losses, evaluations. Every call is charged."""

        def coefficients(preference):
            return Coefficients(values=self.scale * preference)

        return MapSet(experts=view.experts, function=coefficients)
''')
"""A Python file with a working algorithm, a scaled rewarded soup."""


@app.command()
def new(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="problem or algorithm.")],
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="The name: lower-case words joined by `-`.")
    ],
    output: Annotated[
        Path,
        typer.Option(
            "-o",
            "--output",
            metavar="FOLDER",
            help="The folder of the file; created if it does not exist.",
        ),
    ] = Path(),
) -> None:
    """Write a commented file to fill in: a problem of your own experts, or an algorithm.

    An existing file is never overwritten.

    Examples:
    - `fusefront new problem my-pair`
    - `fusefront new algorithm my-merge -o plugins`
    """
    if kind not in ("problem", "algorithm"):
        raise ParameterError(f"The kind must be problem or algorithm. Found `{kind}`.")
    if _NAME.fullmatch(name) is None:
        raise ParameterError(f"The name must be lower-case words joined by `-`. Found `{name}`.")
    if kind == "problem":
        path = output / f"{name}.toml"
        _write(path, PROBLEM.substitute(name=name, file=path.name))
        _check(path)
        command = f"fusefront doctor --problem {path}"
    else:
        path = output / f"{name.replace('-', '_')}.py"
        cls = "".join(word.capitalize() for word in name.split("-"))
        _write(path, ALGORITHM.substitute(name=name, file=path.name, cls=cls))
        command = f"fusefront run smoke -a ./{path}:{cls} -o runs/{name}"
    print(f"wrote {path}\nnext: fill it in, then run `{command}`")


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise StoreError(
            f"`{path}` must not exist yet. Found it. Choose another name or `-o FOLDER`."
        ) from None
    except OSError as error:
        raise StoreError(
            f"`{path}` must be writable. Found {error}. Choose another `-o FOLDER`."
        ) from error


def _check(path: Path) -> None:
    """Read the new problem file, so that a mistake in the template cannot reach a user."""
    from ...problems.custom import problem_entry

    problem_entry(path)
