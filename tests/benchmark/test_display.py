"""The display of a study: plain lines without a terminal, and brackets printed literally."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from tests.benchmark.conftest import run_command
from tests.specs import problems

from fusefront.benchmark.cli.display import JsonDisplay, LineDisplay
from fusefront.benchmark.run.plan import Plan
from fusefront.benchmark.run.progress import Event, Progress
from fusefront.benchmark.study.algorithm_spec import AlgorithmSpec
from fusefront.benchmark.study.study import RunSpec, Study
from fusefront.results.directory.snapshot import Snapshot

SPEC = RunSpec(
    run_id="r0",
    problem=problems("smoke-all")[0],
    algorithm=AlgorithmSpec(name="map", parameters={"points": 4, "bold": [1, 2]}),
    resolved="{}",
    seed=3,
    root_seed=0,
    budget=None,
)
PLAN = Plan(
    study=Study(problems=problems("smoke-all"), algorithms=(SPEC.algorithm,)),
    specs=(SPEC,),
    problem_hashes={},
    finished=frozenset(),
    snapshot=Snapshot(Path("nowhere")),
    unavailable={},
    set_aside=(),
    outdated=(),
)
NAME = "map[bold=[1, 2],points=4]"


class Terminal(io.StringIO):
    """Standard output that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


def shown(*events: Event, terminal: bool = False, plan: Plan = PLAN) -> str:
    sink = io.StringIO()
    console = Console(file=sink, force_terminal=terminal, width=100, color_system=None)
    tally = Progress(plan.specs, {}, 1, clock=lambda: 0.0)
    with LineDisplay(tally, frozenset(plan.unavailable), console) as display:
        for event in events:
            display.show(event)
    return sink.getvalue()


def test_line_has_count_name_and_seed_literally() -> None:
    text = shown(Event(spec=SPEC, status="running"), Event(spec=SPEC, status="done"))
    assert text == f"done     1/1 smoke-all {NAME} seed 3\n"


def test_long_reason_is_printed_literally_on_one_line() -> None:
    reason = "ValueError: [/] [bold]x[/bold] :smile: " + "long " * 100
    text = shown(Event(spec=SPEC, status="failed", reason=reason))
    assert reason in text
    assert text.count("\n") == 1


def test_cached_runs_are_counted_without_a_line() -> None:
    assert shown(Event(spec=SPEC, status="cached")) == ""


@pytest.mark.parametrize("status", ["done", "failed", "skipped", "cached"])
def test_terminal_shows_the_count_and_how_runs_ended(status: str) -> None:
    text = shown(Event(spec=SPEC, status="running"), Event(spec=SPEC, status=status), terminal=True)
    assert "1/1" in text
    assert (status in text) == (status != "cached")


def test_terminal_shows_brackets_of_current_runs() -> None:
    assert NAME in shown(Event(spec=SPEC, status="running"), terminal=True)


def test_runs_of_a_problem_without_its_data_are_counted_without_a_line() -> None:
    plan = replace(PLAN, unavailable={"smoke-all": "install it"})
    assert shown(Event(spec=SPEC, status="skipped", reason="install it"), plan=plan) == ""


def test_json_lines_have_the_event_and_the_time_left() -> None:
    sink = io.StringIO()
    tally = Progress(PLAN.specs, {"r0": 4.0}, 1, clock=lambda: 0.0)
    with JsonDisplay(tally, frozenset(), sink) as display:
        display.show(Event(spec=SPEC, status="running"))
        display.show(Event(spec=SPEC, status="failed", reason="no luck"))
    first, last = map(json.loads, sink.getvalue().splitlines())
    assert (first["event"], first["seconds_left"], first["ended"]) == ("running", 4.0, 0)
    assert (last["event"], last["reason"], last["algorithm"]) == ("failed", "no luck", NAME)
    assert (last["ended"], last["total"], last["seconds_left"], last["seed"]) == (1, 1, 0.0, 3)


def test_run_whose_worker_died_is_shown_as_retrying() -> None:
    died = Event(spec=SPEC, status="retrying", reason="signal 9")
    assert shown(died) == f"retrying 0/1 smoke-all {NAME} seed 3: signal 9\n"
    sink = io.StringIO()
    with JsonDisplay(Progress(PLAN.specs, {}, 1, clock=lambda: 0.0), frozenset(), sink) as display:
        display.show(died)
    assert json.loads(sink.getvalue())["event"] == "retrying"


def test_terminal_shows_the_last_error() -> None:
    other = replace(SPEC, run_id="r1")
    plan = replace(PLAN, specs=(SPEC, other))
    text = shown(
        Event(spec=SPEC, status="running"),
        Event(spec=SPEC, status="failed", reason="ValueError: no luck"),
        terminal=True,
        plan=plan,
    )
    assert f"last error: smoke-all {NAME}: ValueError: no luck" in text
    assert "smoke-all  1/2, 1 failed" in text


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("list", "metrics"), "hypervolume"),
        (("status",), "sobol-pool"),
        (("doctor", "--problem", "smoke-left-right"), "ok"),
    ],
)
def test_terminal_gets_colours_and_a_pipe_plain_text(
    directory: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], expected: str
) -> None:
    if arguments == ("status",):
        arguments = ("status", str(directory))
    monkeypatch.setenv("FORCE_COLOR", "1")  # must not colour a pipe
    piped = run_command(*arguments)
    assert expected in piped.out
    assert "\x1b" not in piped.out
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(io, "StringIO", Terminal)
    coloured = run_command(*arguments)
    assert coloured.status == piped.status
    assert expected in coloured.out
    assert "\x1b" in coloured.out
