"""The command that holds an algorithm to the contract."""

import os
from importlib.util import find_spec
from typing import Annotated

import typer

from ...algorithms import ALGORITHMS
from ...errors import MissingDataError
from .app import app


@app.command()
def check(
    algorithm: Annotated[str, typer.Argument(help="`NAME[key=value,...]` or `file.py:Class`.")],
) -> None:
    """Run the contract that every algorithm keeps, on a toy problem of three tasks.

    Labels, budget, determinism, untouched inputs, corners, equal experts, files of answers. Exit
    status 1 if a test fails. Choose parameters that make a fit take a fraction of a second.

    Examples: `fusefront check ties`; `fusefront check "./mine.py:Mine[steps=5]"`
    """
    if find_spec("pytest") is None:
        raise MissingDataError(
            "`fusefront check` needs pytest, which is not installed. Use `pip install pytest`."
        )
    from ..study.algorithm_spec import AlgorithmSpec

    brought = AlgorithmSpec.parse(algorithm, ALGORITHMS).canonical(ALGORITHMS).load(ALGORITHMS)
    import pytest

    pytest.register_assert_rewrite("fusefront.testing")  # failures say what was found
    from ...testing import check_algorithm

    settings = ["-c", os.devnull, "--import-mode=importlib", "-p", "no:cacheprovider"]
    arguments = [check_algorithm.__file__, "--quiet", "--no-header", "--tb=short", *settings]
    status = pytest.main(arguments, plugins=[check_algorithm.Brought(brought)])
    raise typer.Exit(0 if status == pytest.ExitCode.OK else 1)
