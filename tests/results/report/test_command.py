import hashlib
from collections.abc import Callable
from pathlib import Path

from tests.benchmark.conftest import run_command
from tests.results.report.pages import data_of

from fusefront.results.directory.parts import write_part
from fusefront.results.files.record import Record


def test_report_prints_the_path_of_the_page(directory: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.html"
    result = run_command("report", directory, "-o", path)
    assert (result.status, result.out, result.err) == (0, f"{path}\n", "")
    data = data_of(path.read_text("utf-8"))
    assert data["source"] == str(directory)
    assert data["names"] == ["algorithm-3", "algorithm-6", "rewarded-soup"]


def test_options_select_and_are_part_of_the_commands(directory: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.html"
    options = ("-a", "algorithm-3", "-p", "other-pair", "--metric", "hypervolume")
    assert run_command("report", directory, "-o", path, *options).status == 0
    data = data_of(path.read_text("utf-8"))
    assert data["names"] == ["algorithm-3"]
    assert data["selection"] == ["-p", "other-pair", "-a", "algorithm-3"]
    assert (data["metric"], data["direction"]) == ("hypervolume", "maximise")


def test_provenance_has_the_hash_of_an_archive(directory: Path, tmp_path: Path) -> None:
    archive, path = tmp_path / "mine.zip", tmp_path / "mine.html"
    assert run_command("data", "pack", directory, "-o", archive).status == 0
    assert run_command("report", archive, "-o", path).status == 0
    assert hashlib.sha256(archive.read_bytes()).hexdigest() in path.read_text("utf-8")


def test_errors_say_what_to_do(
    directory: Path, make_record: Callable[..., Record], tmp_path: Path
) -> None:
    wrong = run_command("report", directory, "-o", tmp_path / "mine.pdf")
    assert wrong.status == 2
    assert "must end in .html. Found `mine.pdf`. Use for example `report.html`." in wrong.err
    skipped = tmp_path / "skipped"
    write_part(skipped, make_record(status="skipped"))
    nothing = run_command("report", skipped, "-o", tmp_path / "mine.html")
    assert nothing.status == 2
    assert "must have at least one done run to report. Found none." in nothing.err
    assert not (tmp_path / "mine.html").exists()
    assert run_command("report", tmp_path / "absent", "-o", "x.html").status == 2
    unknown = run_command("report", directory, "-o", "x.html", "--metric", "hypervolum")
    assert "Did you mean `hypervolume`" in unknown.err
