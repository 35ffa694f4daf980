"""The display of a run: plain lines without a terminal, brackets as they are."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from fusefront.benchmark.cli.display import JsonDisplay, LineDisplay
from fusefront.benchmark.run.plan import Plan
from fusefront.benchmark.run.progress import Progress, Tally
from fusefront.benchmark.study.study import AlgorithmSpec, RunSpec, Study
from fusefront.results.directory.snapshot import Snapshot

SPEC = RunSpec(
    run_id="r0",
    problem="smoke-all",
    problem_text="smoke-all",
    algorithm=AlgorithmSpec(name="map", parameters={"points": 4, "bold": [1, 2]}),
    resolved="{}",
    repetition=3,
    study_seed=0,
    budget=None,
)
PLAN = Plan(
    study=Study(problems=("smoke-all",), algorithms=(SPEC.algorithm,)),
    specs=(SPEC,),
    problem_hashes={},
    finished=frozenset(),
    survey=Snapshot(Path("nowhere")),
    unavailable={},
    set_aside=(),
    superseded=(),
)
NAME = "map[bold=[1, 2],points=4]"


def shown(*events: Progress, terminal: bool = False, plan: Plan = PLAN) -> str:
    sink = io.StringIO()
    console = Console(file=sink, force_terminal=terminal, width=100, color_system=None)
    tally = Tally(plan.specs, {}, 1, clock=lambda: 0.0)
    with LineDisplay(tally, frozenset(plan.unavailable), console) as display:
        for event in events:
            display.show(event)
    return sink.getvalue()


def test_line_has_count_name_and_seed_as_they_are() -> None:
    text = shown(Progress(spec=SPEC, status="running"), Progress(spec=SPEC, status="done"))
    assert text == f"done    1/1 smoke-all {NAME} seed 3\n"


def test_reason_is_printed_as_it_is_on_one_line_however_long() -> None:
    reason = "ValueError: [/] [bold]x[/bold] :smile: " + "long " * 100
    text = shown(Progress(spec=SPEC, status="failed", reason=reason))
    assert reason in text
    assert text.count("\n") == 1


def test_cached_runs_are_counted_in_silence() -> None:
    assert shown(Progress(spec=SPEC, status="cached")) == ""


@pytest.mark.parametrize("status", ["done", "failed", "skipped", "cached"])
def test_terminal_shows_what_runs_and_the_count(status: str) -> None:
    text = shown(
        Progress(spec=SPEC, status="running"), Progress(spec=SPEC, status=status), terminal=True
    )
    assert "1/1" in text
    assert (status in text) == (status != "cached")


def test_terminal_shows_brackets_of_what_runs() -> None:
    assert NAME in shown(Progress(spec=SPEC, status="running"), terminal=True)


def test_runs_of_a_problem_without_its_data_are_counted_in_silence() -> None:
    plan = replace(PLAN, unavailable={"smoke-all": "install it"})
    assert shown(Progress(spec=SPEC, status="skipped", reason="install it"), plan=plan) == ""


def test_json_lines_say_what_happened_and_what_is_left() -> None:
    sink = io.StringIO()
    tally = Tally(PLAN.specs, {"r0": 4.0}, 1, clock=lambda: 0.0)
    with JsonDisplay(tally, frozenset(), sink) as display:
        display.show(Progress(spec=SPEC, status="running"))
        display.show(Progress(spec=SPEC, status="failed", reason="no luck"))
    first, last = map(json.loads, sink.getvalue().splitlines())
    assert (first["event"], first["seconds_left"], first["ended"]) == ("running", 4.0, 0)
    assert (last["event"], last["reason"], last["algorithm"]) == ("failed", "no luck", NAME)
    assert (last["ended"], last["total"], last["seconds_left"], last["seed"]) == (1, 1, 0.0, 3)


def test_terminal_shows_the_last_error() -> None:
    other = replace(SPEC, run_id="r1")
    plan = replace(PLAN, specs=(SPEC, other))
    text = shown(
        Progress(spec=SPEC, status="running"),
        Progress(spec=SPEC, status="failed", reason="ValueError: no luck"),
        terminal=True,
        plan=plan,
    )
    assert f"last error: smoke-all {NAME}: ValueError: no luck" in text
    assert "smoke-all  1/2, 1 failed" in text
