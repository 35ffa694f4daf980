"""The page in a browser: what a reader does, without errors and without the network."""

import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.benchmark.conftest import run_command
from tests.results.report.pages import HOSTILE, hostile, scored_study, write

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
if not CHROMIUM:
    pytest.skip("needs chromium (apt-get install chromium)", allow_module_level=True)

DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(scored_study(14), tmp_path_factory.mktemp("report"))


class Visit:
    """An open page, what its console said, and what it asked the network for."""

    def __init__(self, browser: Any, path: Path, **options: Any) -> None:
        self.page = browser.new_page(**({"viewport": DESKTOP} | options))
        self.said: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(path.as_uri())
        self.page.wait_for_selector("#board .tabulator-row")

    def cells(self, column: int) -> list[str]:
        """The texts of a column of the leaderboard that are drawn now."""
        found = self.page.locator(f"#board .tabulator-row [tabulator-field=c{column}]")
        return [text.strip() for text in found.all_inner_texts()]

    def outside(self) -> list[str]:
        """Requests for anything but the page itself and embedded pictures."""
        return [url for url in self.requests[1:] if not url.startswith("data:")]


@pytest.fixture
def visit(browser: Any, report: Path) -> Iterator[Visit]:
    opened = Visit(browser, report)
    yield opened
    assert opened.said == []
    assert opened.outside() == []
    opened.page.close()


def test_all_figures_and_tables_are_drawn(visit: Visit) -> None:
    for figure in ("fronts", "cost", "heat", "curves"):
        marks = visit.page.locator(f"#{figure} .drawing svg :is(path, rect, circle)")
        assert marks.count() > 10
        command = visit.page.locator(f"#{figure} .command code").inner_text()
        assert command.startswith("fusefront plot runs/mine --kind ")
    assert visit.page.locator("#runs-table .tabulator-row").count() > 5


def test_filter_leaves_matching_rows(visit: Visit) -> None:
    assert len(visit.cells(0)) == 14
    visit.page.get_by_label("Filter all columns").first.fill("rewarded")
    playwright.expect(visit.page.locator("#board-count")).to_have_text("1 of 14 rows")
    assert visit.cells(0) == ["rewarded-soup"]


def test_filter_of_a_column_compares_numbers(visit: Visit) -> None:
    values = [float(text.split()[0]) for text in visit.cells(2)]
    limit = sorted(values)[4]
    expected = sum(value < limit for value in values)
    box = visit.page.locator("#board").get_by_label("Filter expected-utility")
    box.press_sequentially(f"< {limit}")
    playwright.expect(visit.page.locator("#board-count")).to_have_text(f"{expected} of 14 rows")
    assert all(float(text.split()[0]) < limit for text in visit.cells(2))


@pytest.mark.parametrize("way", ["mouse", "keyboard"])
def test_headings_sort_by_number_in_both_directions(visit: Visit, way: str) -> None:
    heading = visit.page.locator("#board .tabulator-col[tabulator-field=c2]")
    for direction in ("ascending", "descending"):
        title = heading.locator(".tabulator-col-title-holder")
        title.click() if way == "mouse" else title.press("Enter")
        visit.page.wait_for_selector(
            f"#board .tabulator-col[tabulator-field=c2][aria-sort={direction}]"
        )
        values = [float(text.split()[0]) for text in visit.cells(2)]
        assert values == sorted(values, reverse=direction == "descending")
        assert len(values) == 14


def test_problem_changes_the_figure_and_its_command(visit: Visit) -> None:
    drawing = visit.page.locator("#fronts .drawing")
    before = drawing.inner_html()
    visit.page.locator("#fronts").get_by_label("Problem").select_option(label="five")
    assert drawing.inner_html() != before
    assert " -p five " in visit.page.locator("#fronts .command code").inner_text()
    assert visit.page.get_by_label("Across").locator("option").count() == 5
    before = drawing.inner_html()
    visit.page.get_by_label("Across").select_option(label="three")
    assert drawing.inner_html() != before


def test_other_selectors_change_their_figures(visit: Visit) -> None:
    for figure, select, option in (
        ("cost", "problem", "five"),
        ("cost", "cost", "Wall seconds"),
        ("curves", "problem", "five"),
    ):
        before = visit.page.locator(f"#{figure} .drawing").inner_html()
        visit.page.locator(f"#{figure}-{select}").select_option(label=option)
        assert visit.page.locator(f"#{figure} .drawing").inner_html() != before


def test_chosen_algorithms_are_in_colour_up_to_ten(visit: Visit) -> None:
    page = visit.page
    page.locator("#chooser > summary").click()
    legend = page.locator("#fronts .legend")
    boxes = page.locator("#chooser-list input")
    assert legend.locator("> span").count() == page.locator("#chooser-list :checked").count() == 7
    list_fits = "(node) => node.scrollWidth <= node.clientWidth"
    assert page.locator("#chooser-list").evaluate(list_fits)
    page.get_by_label("rewarded-soup", exact=True).uncheck()
    assert "rewarded-soup" not in legend.inner_text()
    for place in range(boxes.count()):
        if boxes.nth(place).is_enabled():
            boxes.nth(place).check()
    assert legend.locator("> span").count() == 10
    assert page.locator("#chooser-list :disabled").count() == 4
    page.get_by_role("button", name="Back to the first choice").click()
    assert legend.locator("> span").count() == 7


def test_every_control_has_a_name(visit: Visit) -> None:
    nameless = visit.page.evaluate("""() => [...document.querySelectorAll("input, select, button")]
        .filter((node) => !(node.labels?.length || node.ariaLabel || node.textContent.trim()))
        .map((node) => node.outerHTML)""")
    assert nameless == []


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_fits_its_window(
    browser: Any, report: Path, size: dict[str, int], scheme: str
) -> None:
    opened = Visit(browser, report, viewport=size, color_scheme=scheme)
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    back = opened.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert back == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 27)"}[scheme]
    assert opened.said == []
    opened.page.close()


def test_commands_on_the_page_draw_the_figures(
    browser: Any, directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "report.html"
    assert run_command("report", directory, "-o", path, "-p", "other-pair").status == 0
    opened = Visit(browser, path)
    commands = opened.page.locator(".command code").all_inner_texts()
    opened.page.close()
    assert len(commands) == 5, "of the leaderboard and four figures"
    for command in commands:
        program, *arguments = shlex.split(command)
        result = run_command(*arguments)
        assert (program, result.status) == ("fusefront", 0), result.err
    found = sorted(one.stem for one in tmp_path.glob("*.pdf"))
    assert found == ["anytime", "cost-quality", "front", "heat-map"]


def test_names_that_are_markup_are_shown_as_text(browser: Any, tmp_path: Path) -> None:
    path = write(hostile(), tmp_path, source=HOSTILE)
    opened = Visit(browser, path)
    assert opened.page.locator("img").count() == 0
    assert HOSTILE in opened.cells(0)
    assert HOSTILE in opened.page.locator("#chooser-list").text_content()
    # As one argument of a POSIX shell.
    quoted = HOSTILE.replace("'", "'\\''")
    assert f"plot '{quoted}' --kind" in opened.page.locator("#fronts .command code").inner_text()
    assert opened.said == []
    assert opened.outside() == []
    opened.page.close()
