"""Registries: what is found, what is refused, and what the refusal says."""

import subprocess
import sys
from pathlib import Path

import pytest

from fusefront.algorithms import ALGORITHMS
from fusefront.benchmark.study.suites import SUITES
from fusefront.entry import Entry
from fusefront.errors import ParameterError, PluginError, UnknownNameError
from fusefront.metrics import METRICS
from fusefront.problems import PROBLEMS
from fusefront.registry import Registry

LABELS = {"data": frozenset({"none", "labelled"}), "anything": frozenset[str]()}


@pytest.fixture
def registry() -> Registry[type]:
    """Two classes: `first` needs no data, `second-one` is labelled."""
    registry: Registry[type] = Registry("thing", LABELS)

    @registry.register("first", source="a paper", data="none", anything="yes")
    class First:
        """What it is.

        And more.
        """

    @registry.register("second-one", summary="Given.", data="labelled")
    class Second:
        """Not this."""

    return registry


def test_decorator_returns_the_class_and_keeps_what_is_said_of_it(
    registry: Registry[type],
) -> None:
    entry = registry["first"]
    assert entry.load().__name__ == "First"
    assert (entry.summary, entry.source) == ("What it is.", "a paper")
    assert entry.labels == {"data": "none", "anything": "yes"}
    assert registry["second-one"].summary == "Given."


def test_underscores_and_dashes_are_the_same(registry: Registry[type]) -> None:
    assert registry["second_one"] is registry["second-one"]
    assert "second_one" in registry


def test_unknown_name_offers_the_nearest(registry: Registry[type]) -> None:
    with pytest.raises(UnknownNameError, match=r"Found `secnd-one`\. Did you mean `second-one`\?"):
        registry["secnd-one"]


def test_name_far_from_all_lists_all(registry: Registry[type]) -> None:
    with pytest.raises(UnknownNameError, match=r"Known: first, second-one\."):
        registry["qqqqq"]


def test_name_is_said_to_be_unknown_where_nothing_is_known() -> None:
    with pytest.raises(UnknownNameError, match=r"Known: none\."):
        Registry("thing", {})["anything"]


@pytest.mark.parametrize("name", ["My-Class", "under_score", "", "a b", "a[b]", "-a", "a--b"])
def test_name_that_is_not_kebab_case_is_refused(registry: Registry[type], name: str) -> None:
    with pytest.raises(PluginError, match="must be lower-case words"):
        registry.register(name)(int)


def test_duplicate_name_is_refused_and_the_first_stays(registry: Registry[type]) -> None:
    first = registry["first"].load()
    with pytest.raises(PluginError, match=r"must be unique\. Found `first` a second time"):
        registry.register("first")(int)
    assert registry["first"].load() is first


def test_same_thing_may_be_registered_twice(registry: Registry[type]) -> None:
    registry.register("whole")(int)
    registry.register("whole")(int)
    assert registry["whole"].load() is int


def test_class_defined_again_in_its_module_replaces_itself(registry: Registry[type]) -> None:
    old = type("Cell", (), {"__module__": "__notebook__"})
    new = type("Cell", (), {"__module__": "__notebook__"})
    registry.register("cell")(old)
    registry.register("cell")(new)
    assert registry["cell"].load() is new


def test_unknown_label_and_value_are_refused(registry: Registry[type]) -> None:
    with pytest.raises(UnknownNameError, match=r"thing label .*`dta`.*`data`"):
        registry.register("third", dta="none")(int)
    with pytest.raises(
        ParameterError, match=r"`data` must be one of labelled, none\. Found `lots`"
    ):
        registry.register("third", data="lots")(int)
    assert "third" not in registry


def test_select_keeps_entries_that_have_all_labels(registry: Registry[type]) -> None:
    assert [e.name for e in registry.select({"data": "none"})] == ["first"]
    assert [e.name for e in registry.select({"data": "none", "anything": "no"})] == []
    assert len(registry.select({})) == 2
    with pytest.raises(UnknownNameError, match="thing label"):
        registry.select({"dat": "none"})


def test_lazy_target_is_imported_when_loaded() -> None:
    registry: Registry[object] = Registry("thing", {})
    registry.add(
        Entry(name="lazy", target="benchmark.study.identity:derive_seed", summary="", source="")
    )
    assert isinstance(registry["lazy"].target, str)
    assert callable(registry["lazy"].load())


def test_lazy_entry_sets_bound_fields_and_defaults() -> None:
    registry: Registry[object] = Registry("thing", LABELS)
    registry.register_lazily(
        "both",
        "registry:Entry",
        summary="Given.",
        source="a paper",
        bound={"name": "fixed"},
        defaults={"target": "os:path", "source": "nobody"},
        data="none",
    )
    made = registry["both"].make(summary="mine", source="me", name="other")
    assert (made.name, made.target, made.summary, made.source) == ("fixed", "os:path", "mine", "me")
    assert registry["both"].labels == {"data": "none"}


def test_what_is_registered_in_isolation_is_forgotten(
    registry: Registry[type], tmp_path: Path
) -> None:
    path = tmp_path / "mine.py"
    path.write_text("class Mine: pass\n")
    before = registry.names()
    with registry.isolated():
        registry.register("third")(int)
        assert "third" in registry
        with pytest.raises(PluginError, match="must register a thing called `Mine`"):
            registry.load_file(path, "Mine")
    assert registry.names() == before
    assert not [name for name in sys.modules if name.startswith("_fusefront_plugin_mine_")]


@pytest.mark.parametrize("registry", [ALGORITHMS, PROBLEMS, METRICS, SUITES])
def test_every_built_in_entry_loads_and_says_what_it_is(registry: Registry[object]) -> None:
    for entry in registry:
        assert entry.load() is not None
        assert entry.summary
        assert entry.source


def test_suites_name_what_exists() -> None:
    for entry in SUITES:
        suite = entry.load()
        assert all(name in PROBLEMS for name in suite.problems)
        assert all(name in ALGORITHMS for name in suite.algorithms)
        assert len(set(suite.problems)) == len(suite.problems)


def test_looking_a_name_up_imports_only_its_catalogue() -> None:
    code = (
        "import sys; from fusefront import PROBLEMS, SUITES; "
        "assert 'smoke-all' in PROBLEMS and 'mine' not in PROBLEMS and 'dev' in SUITES; "
        "print(*sorted(m for m in sys.modules if m.endswith('.catalogue')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["fusefront.problems.vision.catalogue"]


def test_the_order_of_a_listing_does_not_depend_on_what_was_looked_up_first() -> None:
    code = (
        "from fusefront import PROBLEMS; {}PROBLEMS.register('aa-first')(int); "
        "print(*(entry.name for entry in PROBLEMS))"
    )
    listings = [
        subprocess.run(
            [sys.executable, "-c", code.format(first)], capture_output=True, text=True, check=True
        ).stdout
        for first in ("", "PROBLEMS['gpt2-all']; PROBLEMS['smoke-all']; ")
    ]
    assert listings[0] == listings[1]
    names = listings[0].split()
    assert names[0] == "analytic-quadratic"
    assert names[-2:] == ["gpt2-all", "aa-first"]


def test_every_name_in_a_catalogue_starts_with_one_of_its_families() -> None:
    names = [entry.name for entry in PROBLEMS.built_in()]
    code = (
        "import sys; from fusefront import PROBLEMS; "
        "print(*(name for name in sys.stdin.read().split() if name not in PROBLEMS))"
    )
    # A new process: each look-up must find its catalogue by itself.
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=" ".join(reversed(names)),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == ""


def test_built_in_problems_leave_plug_ins_out() -> None:
    with PROBLEMS.isolated():
        before = PROBLEMS.built_in()
        PROBLEMS.register("dev-plug-in", subset="dev", needs="nothing")(int)
        assert PROBLEMS.built_in() == before
        assert "dev-plug-in" not in SUITES["dev"].load().problems


def test_a_plug_in_cannot_take_a_name_of_a_catalogue_that_was_not_read() -> None:
    code = "from fusefront import PROBLEMS; PROBLEMS.register('gpt2-all')(int)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "problem names must be unique. Found `gpt2-all` a second time." in done.stderr


FILE = """\
from tests_registry import THINGS

@THINGS.register("mine")
class Mine:
    pass

class Bare:
    pass
"""


@pytest.fixture
def things(monkeypatch: pytest.MonkeyPatch) -> Registry[type]:
    """A registry that files import as `tests_registry.THINGS`."""
    module = type(sys)("tests_registry")
    registry: Registry[type] = Registry("thing", {})
    module.THINGS = registry  # type: ignore[attr-defined] # made here
    monkeypatch.setitem(sys.modules, "tests_registry", module)
    return registry


def test_local_file_registers_its_class(things: Registry[type], tmp_path: Path) -> None:
    path = tmp_path / "local.py"
    path.write_text(FILE)
    entry = things.load_file(path, "Mine")
    assert (entry.name, entry.file, entry.load().__name__) == ("mine", path.resolve(), "Mine")


def test_local_file_is_loaded_once(things: Registry[type], tmp_path: Path) -> None:
    path = tmp_path / "local.py"
    path.write_text(FILE)
    assert things.load_file(path, "Mine") is things.load_file(path, "Mine")


def test_class_of_a_file_that_is_imported_and_loaded_is_one(
    things: Registry[type], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "imported_and_loaded.py").write_text(FILE)
    monkeypatch.syspath_prepend(tmp_path)
    __import__("imported_and_loaded")
    entry = things.load_file(tmp_path / "imported_and_loaded.py", "Mine")
    assert entry.file is not None


@pytest.mark.parametrize("name", ["Bare", "Nothing"])
def test_class_that_is_not_registered_is_refused_with_those_that_are(
    things: Registry[type], tmp_path: Path, name: str
) -> None:
    path = tmp_path / "local.py"
    path.write_text(FILE)
    with pytest.raises(PluginError, match=rf"called `{name}`\. Found: Mine\. Decorate it with @TH"):
        things.load_file(path, name)


def test_missing_file_is_refused(things: Registry[type], tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=r"absent\.py` must be a Python file\. Found no file"):
        things.load_file(tmp_path / "absent.py", "Mine")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("x = 1\nraise ValueError('no luck')", r"ValueError: no luck at line 2"),
        ("def f(:", r"SyntaxError: .*line 1"),
        ("import not_installed_anywhere", r"ModuleNotFoundError: No module named"),
        ("raise SystemExit(0)", r"SystemExit: 0 at line 1"),
    ],
)
def test_file_that_raises_is_named_with_what_it_raised(
    things: Registry[type], tmp_path: Path, content: str, found: str
) -> None:
    path = tmp_path / "local.py"
    path.write_text(content)
    with pytest.raises(PluginError, match=rf"local\.py` must import without error\. Found {found}"):
        things.load_file(path, "Mine")


def test_file_loads_after_it_was_fixed(things: Registry[type], tmp_path: Path) -> None:
    path = tmp_path / "local.py"
    path.write_text(FILE + "raise ValueError")
    with pytest.raises(PluginError):
        things.load_file(path, "Mine")
    assert "mine" not in things
    path.write_text(FILE + "# fixed")
    assert things.load_file(path, "Mine").name == "mine"


def install(site: Path, module: str, group: str, body: str) -> None:
    """A package with one module and one entry point, as pip would leave it in `site`."""
    (site / f"{module}.py").write_text(body)
    info = site / f"{module}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{group}]\nplug = {module}\n")


def test_entry_points_of_installed_packages_are_read_when_needed(tmp_path: Path) -> None:
    body = FILE.replace("from tests_registry import", "from fusefront import").replace(
        "THINGS", "ALGORITHMS"
    )
    install(tmp_path, "good_package", "fusefront.algorithms", body)
    install(tmp_path, "broken_package", "fusefront.metrics", "1 / 0")
    program = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
from fusefront.algorithms import ALGORITHMS
assert "good_package" not in sys.modules
assert ALGORITHMS["mine"].load().__name__ == "Mine"
assert "map" in ALGORITHMS
from fusefront.metrics import METRICS
for _ in range(2):
    try:
        list(METRICS)
    except ImportError as error:
        print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    assert lines[0] == lines[1]
    assert "`plug` (broken_package) of package `broken_package` must load" in lines[0]
    assert "ZeroDivisionError" in lines[0]


def test_the_kind_of_a_missing_plug_in_has_its_article(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text("class Mine: pass\n")
    with ALGORITHMS.isolated(), pytest.raises(PluginError, match="register an algorithm called"):
        ALGORITHMS.load_file(path, "Mine")
    with METRICS.isolated(), pytest.raises(PluginError, match="must register a metric called"):
        METRICS.load_file(path, "Mine")
