"""What `fusefront new` writes."""

from string import Template
from typing import Final

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
# image = "image"              # instead of `text`: images as bytes, or as paths beside the file
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

ALGORITHM: Final = Template('''\
"""An algorithm of your own: `fusefront run smoke -a ./$file:$cls -o runs/smoke`."""

from dataclasses import dataclass

from fusefront import ALGORITHMS, Algorithm, Coefficients, MapSet


@ALGORITHMS.register(
    "$name",
    source="your paper",
    output="map",
    data="none",
    access="weights",
    space="task",
    track="inductive",
)
@dataclass(frozen=True, kw_only=True)
class $cls(Algorithm):
    """Say in one line what it does.

    Fields are hyper-parameters: `-a "./$file:$cls[scale=1.5]"`. The labels above say what it
    answers with (constant, finite, map), what it learns from (none, unlabelled, labelled), what
    it touches (weights, evaluations, gradients), and what it searches (task, block, module,
    tensor). `fusefront check "./$file:$cls"` holds it to them.
    """

    scale: float = 1.0

    def fit(self, view, *, generator):
        """Learn from `view`: experts, batches, losses, evaluations; every call is charged."""

        def answer(preference):
            return Coefficients(values=self.scale * preference)

        return MapSet(experts=view.experts, function=answer)
''')
