"""The command line: one-line errors, exit statuses, and the output that scripts read."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.benchmark.conftest import PROBLEM, Command

from fusefront.benchmark.cli import COMMANDS
from fusefront.benchmark.cli.run import parse_budget
from fusefront.benchmark.study.suites import SUITES
from fusefront.errors import ParameterError

HEAVY = (
    *("torch", "transformers", "pandas", "scipy", "matplotlib", "pyarrow", "numpy"),
    *("pymoo", "sklearn", "moocore", "safetensors"),
)


def test_help_lists_every_command_in_order(fusefront: Command) -> None:
    result = fusefront("--help")
    assert result.status == 0
    assert re.findall(r"^│ ([a-z]+) ", result.out, re.MULTILINE) == list(COMMANDS)


def test_version_option_prints_the_package_version(fusefront: Command) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*\n", fusefront("--version").out)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("lst", "No such command 'lst'. Did you mean 'list'?"),
        ("run --sed 3", "No such option: --sed (Possible options: --root-seed, --seed, --seeds)"),
        (
            "run",
            "must be given a suite, a study file, or both `-p` and `-a`. Found none. Suites: d",
        ),
        ("run smok", "Found `smok`. Did you mean `smoke`"),
        ("run absent.toml", "`absent.toml` must be a TOML file. Found no file. Check the path."),
        ("run smoke -a ./absent.py", "absent.py` must be a Python file. Found no file"),
        ("table default! --label tasks=9", "Found only tasks=2, tasks=3, tasks=6. Select fewer"),
        ("summary default! --label tasks=9", "must select at least one run of the results"),
        ("table default! --label tsks=2", "label must be a known name. Found `tsks`"),
        ("table default! -a mapp", "Algorithm must be a known name. Found `mapp`. Did you mean"),
        ("run smoke --seeds 0", "Invalid value for '--seeds'"),
        ("run smoke --root-seed -1", "Invalid value for '--root-seed'"),
        ("run smoke --root-seed 1 --seed 2", "The root seed must be given once. Found"),
        ("run smoke --budget many", "`--budget` must be S, M, L, a positive number or none"),
        ("run smoke -j 0", "Invalid value for '-j'"),
        ("run smoke -a pwemo-ls", "Found `pwemo-ls`. Did you mean `pwemoe-ls`"),
        ("run smoke -a map[budge=3] --dry-run", "A parameter of `map` must be a known name"),
        ("run smoke -a ./absent.py:Mine", "absent.py` must be a Python file"),
        ("run smoke -p smoke-lft-right --dry-run", "Did you mean `smoke-left-right`"),
        ("list algoritms", "Found `algoritms`. Did you mean `algorithms`"),
        ("list --label dta=none", "label must be a known name. Found `dta`. Did you mean `data`"),
        ("list algorithms --label data=lots", "must be one of labelled, none, unlabelled"),
        ("list algorithms --label data", "`--label` must be key=value. Found `data`"),
        ("list suites --label data=none", "Found `data`. Known: none."),
        ("info pwemoe", "Found `pwemoe`. Did you mean `wemoe` or `pwemoe-ls`"),
        ("info", "Missing argument 'NAME'"),
        ("status absent", "absent/planned.json` must be the list of runs"),
        ("table absent", "`absent` must be a run directory"),
        ("table absent --metric hypervolum", "Found `hypervolum`. Did you mean `hypervolume`"),
        ("table absent!", "Pre-run archive must be a known name. Found `absent`"),
        ("plot absent --kind fronts", "Found `fronts`. Did you mean `front`"),
        ("plot --kind task-vectors", "`-p` must name the one problem"),
        ("plot", "`RESULTS` must be given"),
        ("data verify absent", "Pre-run archive must be a known name. Found `absent`"),
        ("verify absent", "`absent` must be a run directory"),
        ("merge absent -o x", "`absent` must be a run directory"),
        ("split absent -o x --seeds first", "`--seeds` must be numbers, such as `0,1`"),
        ("split default! -p digits-al -o x", "Did you mean `digits-all`"),
        ("export absent -o x", "`absent` must be a run directory"),
        ("export default! --format xls -o x", "Found `xls`. Did you mean `xlsx`"),
        ("export default! --table run -o x", "Found `run`. Did you mean `runs`"),
        ("data pack absent -o x", "`absent` must be a run directory"),
        ("retrain smok -o x", "Found `smok`. Did you mean `smoke`"),
    ],
)
def test_wrong_input_is_reported_in_one_line_on_standard_error(
    fusefront: Command,
    command: str,
    expected: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    result = fusefront(*command.split())
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith("fusefront: error: ")
    assert result.err.count("\n") == 1
    assert expected in result.err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("--show men", "`show` must be one of mean-std, mean"),
        ("--format word", "`format` must be one of text"),
        ("--metric hypervolume --reference ref_point=2", "Did you mean `ref_point=1."),
        ("--reference ref_point=1.1", "`reference` must be left out for `expected-utility`"),
        ("--layout wide", "`--layout` must be one of leaderboard, grid, transposed"),
        ("--layout leaderboard --show mean", "`--show` must be used with the layouts grid and"),
        ("--top few", "`--top` must be a positive integer or `all`. Found `few`"),
    ],
)
def test_wrong_option_of_table_is_reported_in_one_line(
    fusefront: Command, directory: Path, options: str, expected: str
) -> None:
    result = fusefront("table", directory, *options.split())
    assert (result.status, result.out) == (2, "")
    assert expected in result.err
    assert result.err.count("\n") == 1


def test_a_metric_without_scores_is_reported_in_one_line(
    fusefront: Command, tmp_path: Path
) -> None:
    ran = fusefront("run", "-p", "smoke-left-negated", "-a", "pretrained", "-o", tmp_path / "r")
    assert ran.status == 0, ran.err
    result = fusefront("table", tmp_path / "r", "--metric", "igd-plus")
    assert (result.status, result.out) == (2, "")
    assert "`--metric igd-plus` must have what it needs in" in result.err
    assert "Found no run with a reference front of the problem" in result.err
    assert result.err.count("\n") == 1


@pytest.mark.parametrize("name", ["runs", "runs/deeper"])
def test_output_that_cannot_be_written_is_reported_in_one_line(
    fusefront: Command, tmp_path: Path, name: str
) -> None:
    (tmp_path / "runs").write_text("a file where a folder should be")
    place = tmp_path / name
    result = fusefront("run", "-p", PROBLEM, "-a", "pretrained", "-o", place)
    assert (result.status, result.out) == (2, "")
    assert "must be writable" in result.err
    assert result.err.count("\n") == 1
    result = fusefront("retrain", "smoke", "-o", place)
    assert result.status == 2
    assert "must be writable" in result.err


def test_dry_run_prints_the_plan_and_writes_nothing(
    fusefront: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    options = ("-a", "map", "-a", "sobol-pool[points=4]", "--budget", "S", "--seeds", 4)
    result = fusefront("run", "smoke", *options, "--dry-run")
    assert result.status == 0
    assert "sobol-pool[points=4] x 4" in result.out
    runs = 2 * 4 * len(SUITES["smoke"].load().problems)
    assert f"{runs} runs of at most 100000 units in runs/smoke" in result.out
    assert not list(tmp_path.iterdir())


def test_former_name_of_root_seed_still_works_with_a_warning(
    fusefront: Command, tmp_path: Path
) -> None:
    command = ("run", "-p", PROBLEM, "-a", "map", "--seeds", 1, "-o", tmp_path, "--dry-run")
    former = fusefront(*command, "--seed", 5)
    current = fusefront(*command, "--root-seed", 5)
    assert (former.status, former.out) == (0, current.out)
    assert former.err.startswith("fusefront: warning: `--seed` is deprecated")
    assert former.err.count("\n") == 1
    assert current.err == ""
    assert "--seed " not in fusefront("run", "--help").out


@pytest.mark.parametrize(
    ("text", "units"),
    [("S", 100_000), ("M", 500_000), ("L", 2_000_000), ("7", 7), ("1_000", 1000), ("none", None)],
)
def test_budget_is_parsed(text: str, units: int | None) -> None:
    assert parse_budget(text) == units


@pytest.mark.parametrize("text", ["0", "-5", "1.5", "1e5", "", "XL", "²", "1__0", "_", "None"])
def test_invalid_budget_is_refused(text: str) -> None:
    with pytest.raises(ParameterError, match="must be S, M, L"):
        parse_budget(text)


def test_list_prints_json(fusefront: Command) -> None:
    found = json.loads(fusefront("list", "--json").out)
    assert set(found) == {"algorithms", "problems", "suites", "metrics"}
    assert {e["name"] for e in found["algorithms"]} >= {"map", "pwemoe-ls"}
    only = json.loads(fusefront("list", "algorithms", "--label", "data=none", "--json").out)
    assert set(only) == {"algorithms"}
    assert all(e["labels"]["data"] == "none" for e in only["algorithms"])


def test_label_without_a_kind_lists_only_the_kinds_that_have_it(fusefront: Command) -> None:
    assert set(json.loads(fusefront("list", "--label", "tasks=6", "--json").out)) == {"problems"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("pwemoe-ls", "steps = "),
        ("pwemoe_ls", "arxiv.org/abs/2406.09770"),
        ("smoke", "runs: 1 seed"),
        ("hypervolume", "needs: ref_point"),
        (PROBLEM, "resolution"),
    ],
)
def test_info_describes_every_kind(fusefront: Command, name: str, expected: str) -> None:
    result = fusefront("info", name)
    assert result.status == 0
    assert expected in result.out


def test_info_of_a_problem_has_experts_at_0_and_the_pretrained_model_at_1(
    fusefront: Command,
) -> None:
    lines = fusefront("info", PROBLEM).out.splitlines()
    (pretrained,) = [line for line in lines if line.lstrip().startswith("pretrained ")]
    assert pretrained.count("(+1.00)") == 2
    (left,) = [line for line in lines if "expert left" in line]
    assert "(+0.00)" in left


def test_doctor_reports_no_fault_on_this_machine(fusefront: Command) -> None:
    result = fusefront("doctor")
    assert result.status == 0
    assert "BAD" not in result.out
    assert "5,000 images" in result.out


def test_doctor_reports_a_missing_package_and_continues(
    fusefront: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "moocore", None)
    result = fusefront("doctor")
    assert result.status == 1
    assert result.out.count("BAD") == 1
    assert "weights of smoke" in result.out


def test_status_prints_json(fusefront: Command, directory: Path) -> None:
    result = fusefront("status", directory, "--json")
    found = json.loads(result.out)
    assert result.status == 0
    assert found["totals"].pop("running") == 0
    assert found["totals"] == {"done": 6, "failed": 0, "skipped": 0, "missing": 0}
    assert len(found["rows"]) == 3


def test_table_is_printed_in_every_format(fusefront: Command, directory: Path) -> None:
    styles = {"text": "───", "markdown": "|", "latex": r"\toprule", "csv": ",", "json": '"rows"'}
    for style, mark in styles.items():
        result = fusefront("table", directory, "--format", style)
        assert result.status == 0
        assert mark in result.out
        assert "sobol-pool" in result.out
    metric = ("--metric", "hypervolume")
    result = fusefront("table", directory, *metric, "--reference", "ref_point=1.1")
    assert "ref_point=1.1" in result.out


def test_a_table_has_three_layouts(fusefront: Command, directory: Path) -> None:
    def printed(*options: str) -> list[list[str]]:
        out = fusefront("table", directory, *options, "--format", "csv").out
        return [line.split(",") for line in out.splitlines() if line]

    assert printed()[0][:3] == ["algorithm", "rank", "expected-utility"]
    assert len(printed("--top", "1")) == 2
    (_, *names, _), *rows = printed("--show", "mean")  # the last column is for programs
    (_, *problems), *turned = printed("--show", "mean", "--layout", "transposed")
    assert problems == [row[0] for row in rows]
    assert turned == [[name, *(row[k + 1] for row in rows)] for k, name in enumerate(names)]


def test_a_leaderboard_says_in_words_what_it_shows(fusefront: Command, directory: Path) -> None:
    out = fusefront("table", directory).out
    assert out.splitlines()[-1].endswith((".", "beyond chance.", "tied with it."))
    assert "expected-utility ↓, lower is better" in out


def test_the_suite_smoke_is_measured_against_a_front_that_ships(
    fusefront: Command, tmp_path: Path
) -> None:
    algorithms = ("-a", "rewarded-soup", "-a", "simple-average")
    for problem in ("smoke-left-right", "smoke-all"):
        added = fusefront(
            "run", "-p", problem, *algorithms, "--seeds", "1", "-o", tmp_path / problem
        )
        assert added.status == 0, added.err
        result = fusefront(
            "table",
            tmp_path / problem,
            "--metric",
            "igd-plus",
            "--show",
            "mean",
            "--format",
            "json",
        )
        assert result.status == 0, result.err
        found = json.loads(result.out)
        assert f"reference {problem}:v1@" in found["caption"]
        assert "(leave-one-out)" in found["caption"]
        assert float(found["rows"][0]["rewarded-soup"]) < float(found["rows"][0]["simple-average"])


def test_plot_prints_the_path_of_the_picture(
    fusefront: Command, directory: Path, tmp_path: Path
) -> None:
    picture = tmp_path / "front.svg"
    result = fusefront("plot", directory, "-o", picture, "-a", "rewarded-soup")
    assert (result.status, result.out) == (0, f"{picture}\n")
    assert picture.stat().st_size > 1000


def test_the_kind_of_a_figure_may_still_be_an_argument(
    fusefront: Command, directory: Path, tmp_path: Path
) -> None:
    with pytest.warns(DeprecationWarning, match="--kind front"):
        assert fusefront("plot", directory, "front", "-o", tmp_path / "x.png").status == 0


def test_plot_lists_its_kinds(fusefront: Command) -> None:
    result = fusefront("plot", "--list")
    assert result.status == 0
    assert {"front", "anytime", "task-vectors"} <= {
        line.split()[0] for line in result.out.splitlines()
    }


def test_packed_results_give_the_same_table(
    fusefront: Command, directory: Path, tmp_path: Path
) -> None:
    assert fusefront("data", "pack", directory, "-o", tmp_path / "archive").status == 0
    ours, packed = (fusefront("table", path).out for path in (directory, tmp_path / "archive"))
    assert ours == packed
    assert fusefront("data", "references", directory, "-o", tmp_path / "fronts").status == 0
    assert (tmp_path / "fronts" / f"{PROBLEM}.parquet").is_file()
    assert fusefront("data", "list").status == 0


@pytest.mark.parametrize("suite", [entry.name for entry in SUITES])
def test_every_suite_can_be_planned(fusefront: Command, suite: str) -> None:
    result = fusefront("run", suite, "--dry-run")
    assert result.status == 0
    assert all(f"|-- {name} x " in result.out for name in SUITES[suite].load().algorithms)


@pytest.mark.parametrize("arguments", [["--help"], ["list"], ["run", "--help"], ["lst"]])
def test_light_commands_import_nothing_heavy(arguments: list[str]) -> None:
    program = f"""
import sys
sys.argv = ["fusefront", *{arguments!r}]
from fusefront.benchmark.cli import main
try:
    main()
except SystemExit:
    pass
print("HEAVY:", *sorted({set(HEAVY)!r} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "HEAVY:"


def test_a_command_does_not_import_the_others() -> None:
    code = (
        "import sys; from fusefront.benchmark.cli import COMMANDS, main\n"
        "sys.argv = ['fusefront', 'list', 'metrics']\n"
        "try: main()\n"
        "finally: print(*(c for c in COMMANDS if f'fusefront.benchmark.cli.{c}' in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "hypervolume" in done.stdout
    assert done.stdout.splitlines()[-1] == "list"


def test_a_misspelt_command_is_compared_with_all(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fusefront.benchmark", "tabel"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 2
    assert "'table'" in done.stderr


def test_columns_and_rows_of_a_table_can_be_chosen(fusefront: Command) -> None:
    select = ("-a", "map", "-a", "rewarded-soup", "--label", "tasks=3")
    result = fusefront("table", "default!", *select, "--layout", "grid", "--format", "csv")
    header, *rows = filter(None, result.out.splitlines())
    assert header == "problem,map,rewarded-soup,worse than pretrained"
    assert len(rows) == 3  # two triples and the ranks
    one = fusefront("table", "default!", "-p", "digits-all", "--format", "csv").out
    assert {line.partition(",")[0] for line in one.splitlines()[1:]} >= {"map", "rewarded-soup"}
    labelled = fusefront("summary", "default!", "--label", "data=none", "--format", "csv").out
    names = [line.partition(",")[0] for line in labelled.splitlines()]
    assert {"experts", "rewarded-soup"} <= set(names)
    assert not {"map", "ls-finetune"} & set(names)


def test_a_plug_in_without_a_class_is_answered_with_its_classes(
    plugins: Callable[[str], Path], fusefront: Command
) -> None:
    path = plugins(
        '@ALGORITHMS.register("mine")\n@dataclass(frozen=True)\nclass Mine(Algorithm):\n    pass\n'
    )
    result = fusefront("run", "smoke", "-a", path)
    assert result.status == 2
    assert "`mine.py` must be followed by `:CLASS`. Found: Mine." in result.err
