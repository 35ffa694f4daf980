"""Every hyper-parameter declares its domain, and algorithms work up to the ends of it."""

import math
from collections.abc import Iterator
from dataclasses import fields
from typing import Any, Literal, get_args, get_origin

import numpy as np
import pytest
import torch

from fusefront.algorithms import ALGORITHMS
from fusefront.domains import Domain, domains
from fusefront.entry import Entry, is_bound
from fusefront.errors import BudgetExhausted
from fusefront.testing.toy_problem import open_view, toy_problem

UNITS = 6_000
NEXT = 1e-5
"""Distance from an end that is not in the domain itself."""

QUICK: dict[str, Any] = {
    "steps": 3,
    "points": 4,
    "batch": 2,
    "generations": 3,
    "population": 20,
    "restarts": 1,
    "samples": 4,
    "rays": 3,
}
"""Hyper-parameters that save time, for every algorithm that has them."""

COMPANIONS: dict[tuple[str, str, Any], dict[str, Any]] = {
    ("della", "drop", 0.0): {"spread": 0.0},
    ("della", "drop", 1 - NEXT): {"spread": 0.0},
    ("breadcrumbs", "smallest", 1 - NEXT): {"largest": 0.0},
    ("breadcrumbs", "largest", 1 - NEXT): {"smallest": 0.0},
    ("dynamic-logits-fusion", "greatest", 0.001): {"spacing": 0.001},
}
"""What another hyper-parameter must be where one is at its end."""


def ends(domain: Domain) -> Iterator[Any]:
    """Yield the values at, or next to, the ends of a domain, or all of its choices."""
    annotation = domain.annotation
    if annotation is bool:
        yield from (False, True)
    elif get_origin(annotation) is Literal:
        yield from get_args(annotation)
    elif get_origin(get_args(annotation)[0]) is tuple:
        (item, _) = get_args(get_args(annotation)[0])
        yield from ((end,) for end in ends(Domain(annotation=item)))
    else:
        kind = get_args(annotation)[0]
        for limit, inwards in zip(domain.limits, (NEXT, -NEXT), strict=True):
            if math.isfinite(limit):
                yield kind(limit) if kind(limit) in domain else limit + inwards


def hyper_parameters(entry: Entry[Any]) -> list[str]:
    return [f.name for f in fields(entry.load()) if not is_bound(f)]


def cases() -> Iterator[Any]:
    """Yield the ends of every domain once for each class, whichever of its entries comes first."""
    done: set[tuple[type, str]] = set()
    for entry in ALGORITHMS:
        kind = entry.load()
        for field in hyper_parameters(entry):
            if (kind, field) in done or field not in domains(kind):
                continue
            done.add((kind, field))
            for end in ends(domains(kind)[field]):
                yield pytest.param(entry.name, field, end, id=f"{entry.name}-{field}-{end}")


@pytest.mark.parametrize("name", [entry.name for entry in ALGORITHMS])
def test_every_hyper_parameter_declares_its_domain(name: str) -> None:
    entry = ALGORITHMS[name]
    assert set(hyper_parameters(entry)) <= set(domains(entry.load()))


@pytest.mark.parametrize(("name", "field", "end"), list(cases()))
def test_models_are_finite_at_the_ends_of_every_domain(name: str, field: str, end: Any) -> None:
    entry = ALGORITHMS[name]
    quick = {key: QUICK[key] for key in QUICK.keys() & set(hyper_parameters(entry))}
    algorithm = entry.make(**{**quick, **COMPANIONS.get((name, field, end), {}), field: end})
    view = open_view(
        toy_problem(2), units=UNITS, transductive=entry.labels["track"] == "transductive"
    )
    try:
        pareto_set = algorithm.fit(view, generator=torch.Generator().manual_seed(5))
    except BudgetExhausted:
        pareto_set = view.pareto_set_so_far()
        assert pareto_set is not None
    for preference in np.array([[1, 0], [0.5, 0.5], [0, 1]]):
        assert all(model.isfinite().all() for model in pareto_set.models(preference))
