"""What `fusefront new` writes."""

from string import Template
from typing import Final

PROBLEM: Final = Template("""\
# A problem of your own: your base, your experts, your data. Paths are relative to this file.
# Look at it with `fusefront doctor --problem $file`, run it with
# `fusefront run -p $file -a rewarded-soup -a ls-coefficients -o runs/$name`.

name = "$name"
pretrained = "checkpoints/base"      # folder with config.json and model.safetensors, or a hub id
# revision = "main"            # of a base on the hub; a commit keeps it the same for ever
# max_length = 128             # tokens after which texts are cut
# fractions = [0.4, 0.2, 0.4]  # calibration, validation, test where a task has one file for all
# seed = 0                     # of that cut; equal inputs are in the same split of every task
# pooling = "classifier"       # features are what the model's last linear layer takes. Else "cls",
#                              # "mean" or "last": hidden states of the backbone, which alone is
#                              # merged; heads are then "fit" or files.
# module = "my_model.py:make"  # instead of transformers: a function without arguments that makes a
#                              # torch module from inputs to features. Base and experts are then
#                              # safetensors files of its state_dict, and inputs `tensor`.

[[tasks]]
name = "first"
expert = "checkpoints/first"   # folder, hub id, or LoRA adapter of the base as PEFT saves it
# revision = "main"            # of an expert on the hub
# head = "expert"              # the expert's own classifier, frozen. Else "fit": a logistic
#                              # regression on the base's features of the calibration data; or a
#                              # safetensors file with `weight` (classes x features) and `bias`.
[tasks.data]
all = "data/first.parquet"     # Parquet, CSV, TSV, JSON lines, a folder of pictures with a folder a
#                              # class, or a data set that `datasets` saved: "folder#split"
# calibration = "train.csv"    # instead of `all`: a file each. Algorithms may learn from the first,
# validation = "dev.csv"       # choose by the second, and never see the third.
# test = "test.csv"
text = "text"                  # the column; two for pairs: ["premise", "hypothesis"]
# image = "image"              # instead: pictures as paths beside the file or below, or as bytes
# tensor = "x"                 # instead, for a `module`: numbers
label = "label"                # the column of answers: numbers from 0, or names of classes
# labels = ["no", "yes"]       # names of the classes in the order of the head
# revision = "main"            # of a data set on the hub, whose id then stands for the path
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
