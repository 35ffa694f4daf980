"""The marks of figures are where slow, readable computations from the tables put them."""

from collections.abc import Iterator
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.typing import NDArray
from tests.results.plots.study import GROUPS, TASKS, name_of, study

from fusefront.results.plots.critical_difference import cliques
from fusefront.results.plots.draw import draw
from fusefront.results.plots.ecdf import TARGETS
from fusefront.results.plots.task_vectors import draw_task_vectors
from fusefront.results.results import Results
from fusefront.results.statistics.comparison import rank_test, ranks, scored

Array = NDArray[np.float64]
PAIR, TRIPLE = "other-pair", "triple-with-a-rather-long-name"
NAMES = [name_of(number) for number in range(4)]
SEEDS = (0, 1, 2)


def results() -> Results:
    """Return the results of one study, which is made once."""
    return study(4, 3)


def marks(figure: Figure, gid: str) -> list[Any]:
    """All artists of one name, in the order of the panels."""
    return figure.findobj(lambda artist: artist.get_gid() == gid)


def line(figure: Figure, gid: str) -> Array:
    (found,) = marks(figure, gid)
    return np.asarray(found.get_xydata(), dtype=np.float64)


def points_of(name: str, problem: str, seed: int) -> Iterator[tuple[Array, Array]]:
    """Preference and objectives of every point of a run."""
    rows = results().fronts
    own = rows[(rows["display_name"] == name) & (rows["problem"] == problem)]
    for _, point in own[own["seed"] == seed].groupby("point"):
        yield point["preference"].iloc[0], point["objective"].to_numpy(float)


@cache
def utility_of(name: str, problem: str, seed: int) -> float:
    worst = [
        max(p * g for p, g in zip(preference, objectives, strict=True))
        for preference, objectives in points_of(name, problem, seed)
    ]
    return float(sum(worst) / len(worst))


def median_seed(name: str, problem: str) -> int:
    return sorted(SEEDS, key=lambda seed: utility_of(name, problem, seed))[1]


def slow_front(points: list[Array]) -> list[list[float]]:
    kept = {tuple(p) for p in points if not any((q <= p).all() and (q < p).any() for q in points)}
    return [list(p) for p in sorted(kept)]


@cache
def milestones_of(name: str, problem: str, seed: int) -> list[tuple[int, float]]:
    """Units and value of each milestone of a run, after those of the pretrained model."""
    m = len(TASKS[problem])
    rows = results().milestones
    own = rows[(rows["display_name"] == name) & (rows["problem"] == problem)]
    own = own[own["seed"] == seed]
    found = [(0, (m + 1 / m) / (m + 1))]
    for place in sorted(own["units"].unique()):
        values = []
        for point, at in own[own["units"] == place].groupby("point"):
            g = at["objective"].to_list()
            values.append(g[int(str(point))] if int(str(point)) < m else max(g) / m)
        found.append((place, sum(values) / len(values)))
    return found


def value_at(name: str, problem: str, seed: int, units: float) -> tuple[float, list[float]]:
    """The value of the last milestone within the units, and all values until then."""
    so_far = [value for place, value in milestones_of(name, problem, seed) if place <= units]
    return so_far[-1], so_far


@pytest.mark.parametrize("name", NAMES)
def test_fronts_are_the_nondominated_points_of_the_median_run(name: str) -> None:
    points = [g for _, g in points_of(name, PAIR, median_seed(name, PAIR))]
    found = line(draw(results(), "front", problems=[PAIR]), name)
    assert found.tolist() == slow_front(points)


def test_grey_algorithms_have_their_fronts_too() -> None:
    figure = draw(results(), "front", problems=[PAIR], highlight=[NAMES[0]])
    points = [g for _, g in points_of(NAMES[2], PAIR, median_seed(NAMES[2], PAIR))]
    assert line(figure, NAMES[2]).tolist() == slow_front(points)


def test_bars_of_many_tasks_are_ranges_of_the_median_run() -> None:
    figure = draw(results(), "front", problems=["five"])
    points = np.array([g for _, g in points_of(NAMES[1], "five", median_seed(NAMES[1], "five"))])
    (bars,) = marks(figure, NAMES[1])
    heights = np.array([s[:, 1] for s in bars.get_segments()])
    assert heights.tolist() == np.column_stack([points.min(axis=0), points.max(axis=0)]).tolist()


def test_points_in_three_dimensions_are_the_front() -> None:
    figure = draw(results(), "front-3d")
    points = [g for _, g in points_of(NAMES[0], TRIPLE, median_seed(NAMES[0], TRIPLE))]
    (dots,) = marks(figure, NAMES[0])
    found = np.column_stack([np.ma.getdata(c) for c in dots._offsets3d])
    assert sorted(found.tolist()) == slow_front(points)


def test_parallel_coordinates_show_the_even_preference() -> None:
    figure = draw(results(), "parallel", problems=["five"])
    own = list(points_of(NAMES[3], "five", median_seed(NAMES[3], "five")))
    even = min(own, key=lambda pair: max(pair[0]))[1]
    assert line(figure, NAMES[3])[:, 1].tolist() == even.tolist()
    every = marks(figure, f"all {NAMES[3]}")
    assert sorted(found.get_ydata().tolist() for found in every) == sorted(
        g.tolist() for _, g in own
    )


def test_triangles_have_the_mean_utility_of_each_preference() -> None:
    figure = draw(results(), "ternary")
    pictures = marks(figure, "utility")
    assert len(pictures) == len(NAMES)
    expected: dict[tuple[float, ...], list[float]] = {}
    shown = draw(results(), "ternary", highlight=[NAMES[2]])
    (picture,) = marks(shown, "utility")
    for seed in SEEDS:
        for p, g in points_of(NAMES[2], TRIPLE, seed):
            expected.setdefault(tuple(np.round(p, 9)), []).append(max(p * g))
    slow = [sum(values) / len(values) for _, values in sorted(expected.items())]
    assert picture.get_array().tolist() == pytest.approx(slow)


def test_median_attainment_is_the_middle_of_the_seeds_surfaces() -> None:
    figure = draw(results(), "attainment", problems=[PAIR])
    corners = line(figure, NAMES[0])
    places = {g[0] for seed in SEEDS for _, g in points_of(NAMES[0], PAIR, seed)}
    for x in sorted(places):
        heights = sorted(
            min((g[1] for _, g in points_of(NAMES[0], PAIR, seed) if g[0] <= x), default=np.inf)
            for seed in SEEDS
        )
        drawn = min((y for at, y in corners if at <= x), default=np.inf)
        assert drawn == heights[1]
    assert marks(figure, f"band {NAMES[0]}")


def test_anytime_lines_are_means_of_the_last_milestones() -> None:
    figure = draw(results(), "anytime")
    found = line(figure, NAMES[1])
    for x, y in found[::9]:
        values = [value_at(NAMES[1], p, s, x)[0] for p in TASKS for s in SEEDS]
        assert y == pytest.approx(sum(values) / len(values))
    assert found[-1, 0] == pytest.approx(3_200 * 1.15)


def test_anytime_bands_reach_from_the_best_seed_to_the_worst() -> None:
    figure = draw(results(), "anytime")
    (band,) = marks(figure, f"band {NAMES[2]}")
    of_seeds = [np.mean([value_at(NAMES[2], p, s, 9_999)[0] for p in TASKS]) for s in SEEDS]
    corners = band.get_paths()[0].vertices
    heights = corners[corners[:, 0] > 3_500, 1]
    assert (heights.min(), heights.max()) == pytest.approx((min(of_seeds), max(of_seeds)))


def test_seconds_are_on_the_axis_if_asked() -> None:
    found = line(draw(results(), "anytime", axis="seconds"), NAMES[1])
    assert found[-1, 0] == pytest.approx(32 * 1.15)


def test_a_lost_run_keeps_the_pretrained_model() -> None:
    runs = results().runs
    lost = runs.loc[(runs["display_name"] == NAMES[1]) & (runs["problem"] == PAIR), "run_id"]
    milestones = results().milestones
    fewer = results().with_frames(milestones=milestones[~milestones["run_id"].isin(lost)])
    found = line(draw(fewer, "anytime"), NAMES[1])[-1, 1]
    rest = [value_at(NAMES[1], p, s, 9_999)[0] for p in TASKS if p != PAIR for s in SEEDS]
    assert found == pytest.approx((sum(rest) / len(SEEDS) + (2 + 1 / 2) / 3) / len(TASKS))


def test_ecdf_counts_targets_that_were_reached() -> None:
    figure = draw(results(), "ecdf", problems=[PAIR])
    start = (2 + 1 / 2) / 3
    every = [value_at(name, PAIR, s, 9_999)[1] for name in NAMES for s in SEEDS]
    best = min(min(values) for values in every)
    aims = [start + (best - start) * i / TARGETS for i in range(1, TARGETS + 1)]
    for x, y in line(figure, NAMES[3])[::9]:
        reached = [
            min(value_at(NAMES[3], PAIR, s, x)[1]) <= aim + 1e-12 for s in SEEDS for aim in aims
        ]
        assert y == pytest.approx(sum(reached) / len(reached))


def test_ranks_over_budget_count_better_algorithms() -> None:
    figure = draw(results(), "rank-over-budget")
    for x, y in line(figure, NAMES[0])[::21]:
        found = []
        for problem in TASKS:
            means = {n: np.mean([value_at(n, problem, s, x)[0] for s in SEEDS]) for n in NAMES}
            own = means[NAMES[0]]
            better = sum(value < own - 1e-9 for value in means.values())
            equal = sum(abs(value - own) < 1e-9 for value in means.values())
            found.append(better + (equal + 1) / 2)
        assert y == pytest.approx(sum(found) / len(found))


def test_profiles_count_runs_within_a_factor_of_the_best() -> None:
    figure = draw(results(), "profile")
    for x, y in line(figure, NAMES[1])[::40]:
        within = []
        for problem in TASKS:
            for seed in SEEDS:
                best = min(utility_of(name, problem, seed) for name in NAMES)
                within.append(utility_of(NAMES[1], problem, seed) <= x * best * (1 + 1e-12))
        assert y == pytest.approx(sum(within) / len(within))


def slow_means(name: str) -> list[float]:
    return [float(np.mean([utility_of(name, p, s) for s in SEEDS])) for p in TASKS]


def test_critical_differences_are_at_the_mean_ranks() -> None:
    figure = draw(results(), "critical-difference")
    table = np.array([slow_means(name) for name in NAMES])
    for name, own in zip(NAMES, table, strict=True):
        expected = np.mean([1 + (table[:, j] < own[j]).sum() for j in range(len(TASKS))])
        assert line(figure, name)[0, 0] == pytest.approx(expected)
    found = ranks(
        results().runs.assign(value=[utility_of(*row) for row in results().runs[
            ["display_name", "problem", "seed"]].itertuples(index=False)]),
        direction="minimise",
    )  # fmt: skip
    test = rank_test(found)
    assert test is not None
    ends = line(figure, "difference")[:, 0]
    assert ends[1] - ends[0] == pytest.approx(min(test.critical_difference, len(NAMES) - 1))


@pytest.mark.parametrize("seed", range(20))
def test_groups_are_all_maximal_sets_without_a_difference(seed: int) -> None:
    means = sorted(np.random.default_rng(seed).uniform(1, 9, 8))
    close = [(i, j) for i, j in combinations(range(8), 2) if means[j] - means[i] < 2]
    maximal = [
        (i, j)
        for i, j in close
        if not any((a <= i and j <= b) and (a, b) != (i, j) for a, b in close)
    ]
    assert cliques(means, 2.0) == maximal


@pytest.mark.parametrize("kind", ["box", "violin"])
def test_boxes_and_violins_have_the_median_of_all_runs(kind: str) -> None:
    figure = draw(results(), kind)
    for name in NAMES:
        values = [utility_of(name, p, s) for p in TASKS for s in SEEDS]
        assert line(figure, name)[0, 0] == pytest.approx(np.median(values))


def test_heat_maps_have_the_means_over_seeds_best_first() -> None:
    (picture,) = marks(draw(results(), "heat-map"), "cells")
    rows = sorted((np.mean(slow_means(name)), name) for name in NAMES)
    columns = np.argsort(list(TASKS))
    expected = [[slow_means(name)[j] for j in columns] for _, name in rows]
    assert np.asarray(picture.get_array()) == pytest.approx(np.array(expected))


def test_cost_and_quality_are_means_and_the_line_is_their_front() -> None:
    figure = draw(results(), "cost-quality")
    runs = results().runs
    points = []
    for name in NAMES:
        cost = runs.loc[runs["display_name"] == name, "units"].mean()
        (dot,) = marks(figure, name)
        ((x, y),) = dot.get_offsets().tolist()
        assert (x, y) == pytest.approx((cost, np.mean(slow_means(name))))
        points.append(np.array([x, y]))
    assert line(figure, "front").tolist() == slow_front(points)
    best = min(range(len(NAMES)), key=lambda i: points[i][1])
    older = results().with_frames(runs=runs.assign(delivery=None))
    rest = [point for i, point in enumerate(points) if i != best]
    models = draw(older, "cost-quality", systems=[NAMES[best]])
    assert line(models, "front").tolist() == slow_front(rest)


def test_landscapes_follow_preferences_in_the_plane_of_coefficients() -> None:
    figure = draw(results(), "landscape", problems=[PAIR])
    rows = results().points
    own = rows[(rows["display_name"] == NAMES[2]) & (rows["problem"] == PAIR) & (rows["seed"] == 0)]
    ordered = sorted(
        zip(own["preference"], own["coefficients"], strict=True), key=lambda r: r[0][0]
    )
    assert line(figure, NAMES[2]).tolist() == [c.tolist() for _, c in ordered]
    (dots,) = marks(figure, f"points {NAMES[2]}")
    of_points = sorted((p[0], max(p * g)) for p, g in points_of(NAMES[2], PAIR, 0))
    assert dots.get_array().tolist() == pytest.approx([u for _, u in of_points])


def test_coefficients_are_means_over_seeds_by_group_and_preference() -> None:
    figure = draw(results(), "coefficients", problems=[PAIR], highlight=[NAMES[1]])
    rows = results().points
    own = rows[(rows["display_name"] == NAMES[1]) & (rows["problem"] == PAIR)]
    for task in range(2):
        (mesh,) = marks(figure, f"{NAMES[1]} {task}")
        values = np.asarray(mesh.get_array()).reshape(GROUPS, -1)
        for column, preference in enumerate([0.0, 0.5, 1.0]):
            for group in range(GROUPS):
                cells = [
                    c[group * 2 + task]
                    for p, c in zip(own["preference"], own["coefficients"], strict=True)
                    if abs(p[task] - preference) < 1e-9
                ]
                assert values[group, column] == pytest.approx(sum(cells) / len(cells))


def test_task_vectors_have_their_cosines_and_sign_conflicts() -> None:
    vectors = np.random.default_rng(0).integers(-2, 3, (4, 60)).astype(float)
    figure = draw_task_vectors(vectors, list("abcd"), "p")
    cosine, conflict = (np.asarray(axes.images[0].get_array()) for axes in figure.axes[:2])
    for i in range(4):
        for j in range(4):
            a, b = vectors[i].tolist(), vectors[j].tolist()
            dot = sum(x * y for x, y in zip(a, b, strict=True))
            length = (sum(x * x for x in a) * sum(y * y for y in b)) ** 0.5
            both = [(x, y) for x, y in zip(a, b, strict=True) if x and y]
            opposite = sum((x > 0) != (y > 0) for x, y in both)
            assert cosine[i, j] == pytest.approx(dot / length)
            assert conflict[i, j] == pytest.approx(opposite / len(both))


def test_other_metrics_come_from_the_scores() -> None:
    runs = results().runs
    scores = runs[["run_id", "problem", "algorithm", "display_name", "seed"]].assign(
        metric="igd", value=np.arange(len(runs), dtype=float), reference="front"
    )
    with_scores = results().with_frames(scores=scores)
    figure = draw(with_scores, "box", metric="igd")
    rows = scored(with_scores, "igd")
    for name in NAMES:
        values = rows.loc[rows["display_name"] == name, "value"]
        assert line(figure, name)[0, 0] == pytest.approx(np.median(values))
