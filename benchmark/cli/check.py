"""`fusefront check`: test an algorithm against the contract."""

import os
from importlib.util import find_spec
from textwrap import indent
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
    parameters with which a fit takes a fraction of a second. Each broken promise is printed with
    what was expected and found. If a fit fails, its cause is printed once, and what needs its
    result is not tested. The exit status is then 1.

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

    # The user's own pytest configuration and plug-ins must not decide whether an algorithm passes.
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    pytest.register_assert_rewrite("fusefront.testing")  # so that failures show both values
    from ...testing import check_algorithm, promises

    reporter = promises.Reporter()
    settings = ["-c", os.devnull, "--import-mode=importlib", "-p", "no:cacheprovider"]
    arguments = [check_algorithm.__file__, "-p", "no:terminal", *settings]
    pytest.main(arguments, plugins=[check_algorithm.Brought(subject), reporter])
    for promise, finding in reporter.broken.items():
        print(f"broken: {promise}\n{indent(finding, '  ')}")
    untested = f", {reporter.untested} not tested" if reporter.untested else ""
    print(f"{reporter.kept} promises kept, {len(reporter.broken)} broken{untested}")
    raise typer.Exit(0 if reporter.kept and not reporter.broken else 1)
