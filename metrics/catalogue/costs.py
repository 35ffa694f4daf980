"""Metrics of cost: columns of the table `runs`."""

from typing import Final

from .entry import OURS, register

_COSTS: Final = {
    "peak-bytes": ("Peak memory of the fit", "measured"),
    "rss-bytes": ("Peak resident memory of the process", "measured"),
    "flops": ("Estimated floating-point operations of the fit", "measured"),
    "energy-joules": ("Energy of the machine's processors during the fit", "measured"),
    "trainable-parameters": ("Number of parameters that the fit adjusts", "all"),
    "storage-bytes": ("Bytes needed to store the whole set of models", "all"),
    "inference-passes": ("Cost of one input, in forward passes of one model", "all"),
    "units": ("Budget spent, in forward passes of one example", "all"),
    "labelled-examples": ("Number of different labelled examples seen by the fit", "all"),
    "unlabelled-examples": ("Number of different examples seen without labels", "all"),
    "validation-evaluations": ("Number of models evaluated on validation", "all"),
    "gradient-steps": ("Number of gradient steps", "all"),
    "model-builds": ("Number of models merged from the experts", "all"),
    "wall-seconds": ("Wall time of the fit alone", "measured"),
}

for _name, (_summary, _applies) in _COSTS.items():
    register(_name, "cost", _summary, OURS, direction="minimise", kind="cost", applies=_applies)
