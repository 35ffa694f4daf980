import base64
import hashlib
import html
import re
from pathlib import Path

import numpy as np
import pytest
from tests.results.plots.study import TASKS, record, study
from tests.results.report.pages import HOSTILE, data_of, hostile, of_records, scored_study, write

from fusefront.benchmark.score.scores import with_scores
from fusefront.errors import ParameterError
from fusefront.results.report.report import write_report
from fusefront.results.results import Results


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write(scored_study(9), tmp_path_factory.mktemp("report")).read_text("utf-8")


def policy_of(page: str) -> str:
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    return html.unescape(policy)


def test_page_names_no_other_file_and_forbids_connections(page: str) -> None:
    own = re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL)
    assert not re.search(r"\b(src|srcset|@import)\b\s*=", own)
    assert set(re.findall(r'href="(.)', own)) == {"#"}
    policy = policy_of(page)
    assert policy.startswith("default-src 'none';")
    assert "unsafe-inline" not in policy.partition("script-src")[2].partition(";")[0]


def test_policy_allows_exactly_the_scripts_of_the_page(page: str) -> None:
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digests = {
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts
    }
    assert digests == set(re.findall(r"'sha256-([^']*)'", policy_of(page)))


def test_data_are_those_of_the_results(page: str) -> None:
    data = data_of(page)
    results = study(9)
    names = data["names"]
    assert sorted(names) == sorted(results.runs["display_name"].unique())
    assert [own["problem"] for own in data["fronts"]] == list(results.runs["problem"].unique())
    fronts = {own["problem"]: own for own in data["fronts"]}
    assert {name: own["tasks"] for name, own in fronts.items()} == TASKS
    # A slow twin of the cells: the mean over seeds of the mean over points of max p g.
    for problem, index, quality, *_ in data["cells"]["rows"]:
        values = []
        for (_, _), own in results.fronts[
            (results.fronts["problem"] == problem)
            & (results.fronts["display_name"] == names[index])
        ].groupby(["seed", "run_id"]):
            utilities = []
            for _, rows in own.groupby("point"):
                shares = [
                    preference[place] * objective
                    for place, (preference, objective) in enumerate(
                        zip(rows["preference"], rows["objective"], strict=True)
                    )
                ]
                utilities.append(max(shares))
            values.append(np.mean(utilities))
        assert quality == pytest.approx(np.mean(values), rel=1e-3)


def test_leaderboard_and_runs_have_every_row(page: str) -> None:
    data, runs = data_of(page), study(9).runs
    assert data["board"]["columns"][:3] == ["algorithm", "rank", "expected-utility"]
    assert sorted(row[0] for row in data["board"]["rows"]) == sorted(data["names"])
    found = {tuple(row[:4]) for row in data["runs"]["rows"]}
    assert found == set(runs[["problem", "display_name", "seed", "status"]].itertuples(index=False))
    units = data["runs"]["columns"].index("units")
    assert [row[units] for row in data["runs"]["rows"]] == runs["units"].tolist()


def test_curves_are_null_without_milestones_and_shown_with_them(page: str, tmp_path: Path) -> None:
    data = data_of(page)
    assert data["curves"]["measured"] == "test"
    assert len(data["curves"]["values"]) == len(data["names"])
    without = write(with_scores(study(3, milestones=False)), tmp_path).read_text("utf-8")
    assert data_of(without)["curves"] is None
    assert 'id="curves"' in page
    assert 'id="curves"' not in without


def test_names_are_never_markup(tmp_path: Path) -> None:
    page = write(hostile(), tmp_path, source=HOSTILE).read_text("utf-8")
    assert "<img" not in re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    data = data_of(page)
    assert HOSTILE in data["names"]
    assert data["source"] == HOSTILE


def test_failures_are_listed_with_their_reasons(tmp_path: Path) -> None:
    page = write(hostile(), tmp_path).read_text("utf-8")
    section = page.partition('<section id="failures">')[2].partition("</section>")[0]
    assert "ValueError: no luck" in section
    assert "Every run has a result" not in section


def test_same_results_give_the_same_bytes(tmp_path: Path) -> None:
    first = write(hostile(), tmp_path).read_bytes()
    assert write(hostile(), tmp_path).read_bytes() == first


def test_file_must_be_html(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"must end in \.html. Found `report.pdf`"):
        write_report(study(3), tmp_path / "report.pdf", source="x", labels={})


def test_some_run_must_be_done(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="at least one done run to report"):
        write(_all_skipped(), tmp_path)
    assert not (tmp_path / "report.html").exists()


def test_one_run_is_enough(tmp_path: Path) -> None:
    page = write(of_records([record(1, "five", 0, milestones=False)]), tmp_path).read_text("utf-8")
    assert "is the only algorithm" in page
    assert "rewarded-soup is not among the algorithms" in page


def _all_skipped() -> Results:
    runs = study(2).runs.assign(status="skipped", reason="needs labels")
    return study(2).with_frames(runs=runs)
