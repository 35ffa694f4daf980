"""A small study, run once, and the command line inside this process."""

import contextlib
import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import pytest
from tests.specs import problems

from fusefront.algorithms import ALGORITHMS
from fusefront.benchmark.cli import main
from fusefront.benchmark.run import plan as runner
from fusefront.benchmark.run.execute import execute
from fusefront.benchmark.study.algorithm_spec import AlgorithmSpec
from fusefront.benchmark.study.study import Study

PROBLEM = "smoke-left-right"
BUDGET = 1_000


class Outcome(NamedTuple):
    """Exit status, standard output and standard error of a command."""

    status: int
    out: str
    err: str


Command = Callable[..., Outcome]


def run_command(*arguments: object) -> Outcome:
    """Run the command `fusefront` with these arguments."""
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.object(sys, "argv", ["fusefront", *map(str, arguments)]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    assert isinstance(ended.value.code, int)
    return Outcome(ended.value.code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="session")
def fusefront() -> Command:
    return run_command


@pytest.fixture(scope="session")
def study() -> Study:
    """Two seeds of a map, a search that draws random points, and gradient descent."""
    names = ("rewarded-soup", "sobol-pool[points=4]", "adamerging-task[steps=3]")
    return Study(
        problems=problems(PROBLEM),
        algorithms=tuple(AlgorithmSpec.parse(name, ALGORITHMS) for name in names),
        seeds=2,
        budget=BUDGET,
    )


@pytest.fixture(scope="session")
def directory(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study, run by two workers. Tests only read it; those that write take `copied`."""
    path = tmp_path_factory.mktemp("study")
    planned = runner.plan(study, path)
    for _ in execute(planned, path, jobs=2):
        pass
    runner.finish(path)
    return path


@pytest.fixture
def plugins(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Writes a plug-in file; what it registers is forgotten after the test."""

    def write(body: str) -> Path:
        path = tmp_path / "mine.py"
        path.write_text(HEAD + body, encoding="utf-8")
        return path

    with ALGORITHMS.isolated():
        yield write


HEAD = """\
import os
from dataclasses import dataclass
from pathlib import Path

import torch

from fusefront import ALGORITHMS, Algorithm, Coefficients, ConstantSet


def zeros(view):
    return ConstantSet(
        experts=view.experts, constant=Coefficients(values=torch.zeros(len(view.tasks)))
    )

"""
