"""Files of figures: formats, bytes, and the choice of algorithms in colour."""

from pathlib import Path

import pytest
from tests.results.plots.study import name_of, study

from fusefront.errors import ParameterError, UnknownNameError
from fusefront.results.plots.canvas import labels_of
from fusefront.results.plots.draw import draw, kinds, save
from fusefront.results.plots.figures import FIGURES
from fusefront.results.plots.highlight import FEW, highlighted
from fusefront.results.plots.options import WIDTHS, Options
from fusefront.results.plots.style import COLOURS, DASHES, MARKERS, looks

KINDS = [entry.name for entry in FIGURES]
MAGIC = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}


@pytest.mark.parametrize("suffix", MAGIC)
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_written_in_each_format(kind: str, suffix: str, tmp_path: Path) -> None:
    path = save(draw(study(3), kind, problems=None), tmp_path / f"x{suffix}")
    assert path.read_bytes().startswith(MAGIC[suffix])


@pytest.mark.parametrize("suffix", MAGIC)
def test_equal_results_give_equal_bytes(suffix: str, tmp_path: Path) -> None:
    paths = [tmp_path / f"{n}{suffix}" for n in "ab"]
    for path in paths:
        save(draw(study(3), "anytime"), path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("kind", KINDS)
def test_figures_have_the_width_of_the_page(kind: str, width: str) -> None:
    assert draw(study(3), kind, width=width).get_figwidth() == WIDTHS[width]


def test_kinds_include_task_vectors_and_have_summaries() -> None:
    assert set(kinds()) == {*KINDS, "task-vectors"}
    assert all(kinds().values())


def test_few_algorithms_are_all_highlighted() -> None:
    assert sorted(highlighted(study(3), Options())) == sorted(map(name_of, range(3)))


def test_of_many_the_best_by_expected_utility_and_the_soup_are_highlighted() -> None:
    results = study(13)
    slow: dict[str, float] = {}
    problems = list(results.runs["problem"].unique())
    for name, runs in results.fronts.groupby("display_name"):
        by_problem = []
        for problem in problems:
            of_seeds = []
            for _, rows in runs[runs["problem"] == problem].groupby("seed"):
                worst = [
                    max(own["preference"].iloc[0] * own["objective"].to_numpy())
                    for _, own in rows.groupby("point")
                ]
                of_seeds.append(sum(worst) / len(worst))
            by_problem.append(sum(of_seeds) / len(of_seeds))
        slow[str(name)] = sum(by_problem) / len(by_problem)
    best = sorted(slow, key=lambda name: slow[name])
    expected = [name for name in best if name != "rewarded-soup"][: FEW - 1]
    assert highlighted(results, Options()) == [*expected, "rewarded-soup"]


def test_highlighted_names_are_the_users_choice() -> None:
    results = study(13)
    chosen = (name_of(5), "rewarded-soup")
    assert highlighted(results, Options(highlight=chosen)) == list(chosen)
    with pytest.raises(UnknownNameError, match="rewarded-soup"):
        draw(results, "box", highlight=["rewarded-sop"])


def test_an_algorithm_that_lacks_results_is_not_highlighted() -> None:
    results = study(13)
    first = highlighted(results, Options())[0]
    runs = results.runs
    lost = (runs["display_name"] == first) & (runs["seed"] == 1) & (runs["problem"] == "five")
    fronts = results.fronts[~results.fronts["run_id"].isin(runs.loc[lost, "run_id"])]
    assert first not in highlighted(results.with_frames(fronts=fronts), Options())


def test_systems_are_marked_and_not_highlighted_by_default() -> None:
    results = study(13)
    first = highlighted(results, Options())[0]
    older = results.with_frames(runs=results.runs.assign(delivery=None))
    options = Options(systems=frozenset([first]))
    assert first not in highlighted(older, options)
    assert labels_of(older, options)[first] == f"{first} (system)"
    of_systems = results.runs["delivery"].where(results.runs["display_name"] != first, "system")
    recorded = results.with_frames(runs=results.runs.assign(delivery=of_systems))
    assert first not in highlighted(recorded, Options())
    assert labels_of(recorded, Options())[first] == f"{first} (system)"


def test_looks_differ_in_every_part_so_that_they_differ_in_grey() -> None:
    found = looks([str(i) for i in range(FEW)]).values()
    for part in zip(*found, strict=True):
        assert len(set(map(str, part))) == FEW
    assert len({*COLOURS}) == len(COLOURS)
    assert len({*MARKERS}) == len(MARKERS)
    assert len(set(map(str, DASHES))) == len(DASHES)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width": "wide"}, "`width` must be one of column, full. Found `wide`"),
        ({"axis": "hours"}, "`axis` must be one of units, seconds. Found `hours`"),
    ],
)
def test_wrong_options_name_the_right_ones(options: dict[str, str], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        Options(**options)  # type: ignore[arg-type] # each of these is a text
