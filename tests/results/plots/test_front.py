from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fusefront.errors import ParameterError, UnknownNameError
from fusefront.results.directory.parts import write_part, write_problem
from fusefront.results.files.record import ProblemFacts, Record
from fusefront.results.load import read
from fusefront.results.plots.front import plot_front
from fusefront.results.plots.panels import panels
from fusefront.results.references import write_reference
from fusefront.results.results import Results

MakeRecord = Callable[..., Record]
MakeFacts = Callable[..., ProblemFacts]
MAGIC = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}


@pytest.mark.parametrize("suffix", MAGIC)
def test_a_figure_is_written_in_the_format_of_its_suffix(
    suffix: str, results: Results, tmp_path: Path
) -> None:
    path = plot_front(results, tmp_path / f"front{suffix}")
    assert path.read_bytes().startswith(MAGIC[suffix])


def test_the_same_results_give_the_same_file(results: Results, tmp_path: Path) -> None:
    one, other = (plot_front(results, tmp_path / name).read_bytes() for name in ("a.svg", "b.svg"))
    assert one == other


def test_an_unknown_suffix_names_the_known(results: Results, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"\.png, \.svg, \.pdf"):
        plot_front(results, tmp_path / "front.docx")


def test_unknown_names_are_refused(results: Results, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="two-digits"):
        plot_front(results, tmp_path / "x.png", problems=["two-digit"])
    with pytest.raises(UnknownNameError, match="TIES"):
        plot_front(results, tmp_path / "x.png", algorithms=["TIESS"])


def test_results_without_points_are_refused(make_record: MakeRecord, tmp_path: Path) -> None:
    write_part(tmp_path, make_record(status="failed"))
    with pytest.raises(ParameterError, match="at least one done run"):
        plot_front(read(tmp_path), tmp_path / "x.png")


@pytest.mark.parametrize(
    "objectives",
    [
        [[0.5, 0.5]],
        [[0.5, 0.5]] * 4,
        [[0.0, 0.0]],
        [[5.0, 7.0]],
        [[0.1, 0.9], [50.0, -3.0]],
        [[0.2, 0.3, 0.4]],
        [[0.1, 0.5, 0.9, 3.0], [0.9, 0.5, 0.1, 0.2]],
    ],
    ids=["single", "constant", "zero", "far", "partly far", "three tasks", "four tasks"],
)
@pytest.mark.parametrize("normalised", [True, False])
def test_odd_fronts_are_drawn(
    objectives: list[list[float]],
    normalised: bool,
    make_record: MakeRecord,
    make_facts: MakeFacts,
    tmp_path: Path,
) -> None:
    write_part(tmp_path, make_record(objectives=objectives))
    if normalised:
        write_problem(tmp_path, make_facts(n_tasks=len(objectives[0])))
    assert plot_front(read(tmp_path), tmp_path / "x.png").exists()


def test_many_problems_failures_and_a_reference_are_drawn(
    make_record: MakeRecord, make_facts: MakeFacts, tmp_path: Path
) -> None:
    for n in range(6):
        write_part(tmp_path, make_record("ties", f"p{n}"))
        write_part(tmp_path, make_record("average", f"p{n}", status=("failed", "skipped")[n % 2]))
        write_problem(tmp_path, make_facts(f"p{n}"))
    front = write_reference("p0", [[0.0, 0.5], [0.5, 0.0]], tmp_path, "")
    path = plot_front(read(tmp_path), tmp_path / "x.svg", references={"p0": front})
    assert path.stat().st_size > 10_000


def test_an_algorithm_is_shown_by_its_run_of_median_expected_utility(results: Results) -> None:
    values = results.fronts["seed"].map({0: 0.9, 1: 0.1, 2: 0.5})
    (median,) = panels(results.with_frames(fronts=results.fronts.assign(objective=values)))
    assert np.unique(median.objectives["TIES"]).tolist() == [0.5]


def test_anchors_are_where_their_definition_puts_them(results: Results) -> None:
    (panel,) = panels(results, None, None)
    assert panel.anchors["pretrained"].tolist() == [[1.0, 1.0]]
    assert np.diag(panel.anchors["expert"]).tolist() == [0.0, 0.0]


def test_a_task_without_span_has_no_anchors(results: Results) -> None:
    flat = results.with_frames(problems=results.problems.assign(value=0.5))
    (panel,) = panels(flat, None, None)
    assert panel.anchors == {}


def test_the_most_even_preference_is_found(results: Results) -> None:
    (panel,) = panels(results, None, None)
    assert panel.even == {"TIES": 1, "AVERAGE": 1}
