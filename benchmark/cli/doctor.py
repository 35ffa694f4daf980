"""`fusefront doctor`: check the environment, or what a problem needs."""

import importlib
import importlib.metadata
import multiprocessing
import platform
from collections.abc import Callable, Iterator, Sized
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ...errors import FusefrontError
from ..processors import usable_processors
from ..study.suites import SUITES
from .app import app, terminal

if TYPE_CHECKING:
    from ...problems.base import Finding

OPTIONAL: Final = ("garments", "dino", "minilm", "tiny-gpt2", "clip-vit-b32", "gpt2")
"""Suites that need more than what pip installs with fusefront."""


@app.command()
def doctor(
    problem: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PROBLEM",
            help="Check what this problem, or every problem of this suite, needs; repeatable.",
        ),
    ] = None,
) -> None:
    """Check the environment: package versions, processors, data packages and shipped weights.

    One line reports how fast bfloat16 is on this machine, which takes a few seconds to measure.

    With `--problem`, check instead which data and weights are present, missing or mismatched,
    without evaluating a model. The weights that a problem file of your own names are read once, to
    check that they are finite. The exit status is 1 if a check fails.

    Examples:
    - `fusefront doctor`
    - `fusefront doctor --problem smoke-left-right`
    """
    healthy = True
    for finding in preflight(problem) if problem else examine():
        healthy &= finding.ok
        _print(finding)
    raise typer.Exit(0 if healthy else 1)


def _print(finding: "Finding") -> None:
    what, ok, found = finding
    word, console = "ok" if ok else "BAD", terminal()
    if console is None:
        print(f"{word:<4} {what:<22} {found}")
        return
    from rich.table import Table
    from rich.text import Text

    # One grid per line rather than one table: checks take seconds, so each is printed at once.
    line = Table.grid(padding=(0, 1))
    for width in (4, 22, None):
        line.add_column(width=width, overflow="fold")
    line.add_row(Text(word, "green" if ok else "bold red"), Text(what, "bold"), Text(found))
    console.print(line)


def examine() -> Iterator["Finding"]:
    """Check the environment. A missing or broken package is a finding, not the end."""
    from ...problems.base import Finding
    from ...problems.vision.families import FAMILIES
    from ..run import provenance

    yield Finding("python", True, platform.python_version())
    for package in provenance.PACKAGES:
        yield _try(package, partial(_package, package))
    yield Finding("machine", True, provenance.machine())
    usable = f"{usable_processors()}; each run uses one thread, see `fusefront run -j`"
    yield Finding("usable processors", True, usable)
    yield _try("device", _device)
    methods = multiprocessing.get_all_start_methods()
    kind = "forkserver" if "forkserver" in methods else "spawn, which starts more slowly"
    yield Finding("workers", True, kind)
    yield _try("bfloat16", _bfloat16)
    for name, source in (("mnist digits", "mnist"), ("optdigits", "optdigits")):
        yield _try(name, partial(_images, source))
    for family in FAMILIES:
        yield _try(f"weights of {family}", partial(_weights, family))
    for suite in OPTIONAL:
        yield Finding(f"suite {suite}", True, _readiness(suite))


def preflight(problems: list[str]) -> Iterator["Finding"]:
    """Check what the given problems and suites need; report shared needs once."""
    from ..study.problem_spec import ProblemSpec

    names = [
        name
        for text in problems
        for name in (SUITES[text].load().problems if text in SUITES else (text,))
    ]
    reported = set()
    for name in names:
        for finding in ProblemSpec.parse(name).load().preflight():
            if finding not in reported:
                reported.add(finding)
                yield finding


def _readiness(suite: str) -> str:
    """Describe whether the first problem of an optional suite could run.

    What an optional suite lacks is not a fault of the machine, so it does not fail the check.
    """
    lacking = [found for _, ok, found in preflight([SUITES[suite].load().problems[0]]) if not ok]
    return f"optional; missing: {lacking[0]}" if lacking else "ready"


def _package(name: str) -> str:
    importlib.import_module(name)
    return importlib.metadata.version(name)


def _device() -> str:
    import torch

    return "cpu; cuda is present but not used" if torch.cuda.is_available() else "cpu"


def _bfloat16() -> str:
    from ..run.bfloat16 import advice, speedup

    return advice(speedup())


def _images(source: str) -> str:
    from ...problems.vision import images

    read: Callable[[], tuple[Sized, Sized]] = getattr(images, source)
    return f"{len(read()[1]):,} images"


def _weights(family: str) -> str:
    from ...problems.vision.small_vit import load_shipped

    return f"sha256 {load_shipped(family).sha256[:12]}"


def _try(what: str, check: Callable[[], str]) -> "Finding":
    from ...problems.base import Finding

    try:
        return Finding(what, True, check())
    except (FusefrontError, ImportError) as error:
        return Finding(what, False, str(error))
