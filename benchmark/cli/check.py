"""`fusefront check`: test an algorithm against the contract."""

import os
from importlib.util import find_spec
from typing import Annotated

import typer

from ...algorithms import ALGORITHMS
from ...errors import MissingDataError
from .app import app


@app.command()
def check(
    algorithm: Annotated[
        str,
        typer.Argument(metavar="ALGORITHM", help="`NAME[key=value,...]` or `FILE.py:CLASS`."),
    ],
) -> None:
    """Test an algorithm against the contract that all algorithms must satisfy.

    The tests use a toy problem of three tasks and cover labels, budget, determinism, unchanged
    inputs, behaviour at the corners and with equal experts, and saving Pareto sets. Choose
    parameters with which a fit takes a fraction of a second. The exit status is 1 if a test fails.

    Examples:
    - `fusefront check ties`
    - `fusefront check "./plugins/my_merge.py:MyMerge[scale=1.5]"`
    """
    if find_spec("pytest") is None:
        raise MissingDataError(
            "`fusefront check` needs pytest. Found no installation. Run `pip install pytest`."
        )
    from ..study.algorithm_spec import AlgorithmSpec
    from ..study.parameters import undeclared

    # Parse first: a mistake must be reported before anything is tested.
    subject = AlgorithmSpec.parse(algorithm, ALGORITHMS).canonical(ALGORITHMS).load(ALGORITHMS)
    for name in undeclared(subject):
        print(
            f"`{name}` declares no range, so wrong values are found only when a fit fails. "
            "Annotate it, for example as `fusefront.domains.PositiveFloat`."
        )
    import pytest

    pytest.register_assert_rewrite("fusefront.testing")  # so that failures show both values
    from ...testing import check_algorithm

    # The user's own pytest configuration must not decide whether an algorithm passes.
    settings = ["-c", os.devnull, "--import-mode=importlib", "-p", "no:cacheprovider"]
    arguments = [check_algorithm.__file__, "--quiet", "--no-header", "--tb=short", *settings]
    status = pytest.main(arguments, plugins=[check_algorithm.Brought(subject)])
    raise typer.Exit(0 if status == pytest.ExitCode.OK else 1)
