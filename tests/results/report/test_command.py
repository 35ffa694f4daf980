import hashlib
from collections.abc import Callable
from pathlib import Path

from tests.benchmark.conftest import run_command
from tests.results.report.pages import data_of

from fusefront.results.directory.parts import write_part
from fusefront.results.files.record import Record


def test_report_prints_the_path_of_the_page(run_directory: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.html"
    result = run_command("report", run_directory, "-o", path)
    assert (result.status, result.out, result.err) == (0, f"{path}\n", "")
    data = data_of(path.read_text("utf-8"))
    assert data["source"] == str(run_directory)
    assert data["names"] == ["AVERAGE", "TIES"]


def test_options_select_and_are_part_of_the_commands(run_directory: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.html"
    options = ("-a", "ties", "-p", "two-digits", "--metric", "hypervolume")
    assert run_command("report", run_directory, "-o", path, *options).status == 0
    data = data_of(path.read_text("utf-8"))
    assert data["names"] == ["TIES"]
    assert data["selection"] == ["-p", "two-digits", "-a", "ties"]
    assert (data["metric"], data["direction"]) == ("hypervolume", "maximise")


def test_provenance_has_the_hash_of_an_archive(run_directory: Path, tmp_path: Path) -> None:
    archive, path = tmp_path / "mine.zip", tmp_path / "mine.html"
    assert run_command("data", "pack", run_directory, "-o", archive).status == 0
    assert run_command("report", archive, "-o", path).status == 0
    assert hashlib.sha256(archive.read_bytes()).hexdigest() in path.read_text("utf-8")


def test_errors_say_what_to_do(
    run_directory: Path, make_record: Callable[..., Record], tmp_path: Path
) -> None:
    wrong = run_command("report", run_directory, "-o", tmp_path / "mine.pdf")
    assert wrong.status == 2
    assert "must end in .html. Found `mine.pdf`. Use for example `report.html`." in wrong.err
    skipped = tmp_path / "skipped"
    write_part(skipped, make_record(status="skipped"))
    nothing = run_command("report", skipped, "-o", tmp_path / "mine.html")
    assert nothing.status == 2
    assert "must have at least one done run to report. Found none." in nothing.err
    assert not (tmp_path / "mine.html").exists()
    assert run_command("report", tmp_path / "absent", "-o", "x.html").status == 2
    unknown = run_command("report", run_directory, "-o", "x.html", "--metric", "hypervolum")
    assert "Did you mean `hypervolume`" in unknown.err
