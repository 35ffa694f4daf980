"""Contracts fail readably, one thread is used, and nothing that tests make is kept."""

import gc
import os
import signal
from pathlib import Path

import pytest

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    # Under nohup and on some CI machines, SIGINT is ignored, also by the commands that the tests
    # start and interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)
os.environ.setdefault("OMP_NUM_THREADS", "1")  # more make matrices this small many times slower
pytest.register_assert_rewrite("fusefront.testing")


TESTS = Path(__file__).parent
QUICK = (
    *("metrics", "test_floors.py", "test_toml_models.py", "algorithms/gradient/test_solvers.py"),
    *("problems/test_experts.py", "problems/test_layout.py"),
    *("results/test_merge.py", "results/test_record.py", "results/test_references.py"),
    *("results/test_tables.py", "results/test_summary.py", "results/test_properties.py"),
    *("results/test_reshape.py", "results/test_results.py", "results/test_archive.py"),
    *("problems/analytic/test_geometry.py", "problems/test_budget.py", "problems/test_view.py"),
    *("benchmark/test_study.py", "benchmark/test_study_file.py", "benchmark/test_identity.py"),
    *("benchmark/test_algorithm_table.py", "benchmark/test_registry.py"),
    *("benchmark/test_problem_spec.py", "benchmark/test_parsing_properties.py"),
    *("benchmark/test_progress.py", "benchmark/test_resources.py", "benchmark/test_seeds.py"),
)
"""Folders and files whose tests are marked `quick`."""
NUMERICAL = (
    *("algorithms/merging", "algorithms/gradient", "algorithms/map_family", "algorithms/ensemble"),
    *(
        "algorithms/lowrank/test_matrices.py",
        "algorithms/lowrank/test_singular_values_and_tensors.py",
    ),
    *("algorithms/hypernetworks/test_hypervolume_gradient.py", "algorithms/test_descent.py"),
    *("algorithms/test_merging.py", "algorithms/test_one_expert.py", "algorithms/test_rays.py"),
    *("algorithms/test_scalarization_functions.py", "algorithms/test_weightings.py"),
    *("problems/test_experts.py", "problems/test_gradients.py", "problems/test_linear_layers.py"),
    *("problems/analytic/test_geometry.py", "problems/analytic/test_quadratic.py"),
    "benchmark/test_flop_counter.py",
)
"""Folders and files whose tests are marked `numerical`."""

SLOW = (
    ("", "qlog"),  # Gaussian processes take seconds per test
    ("benchmark/test_leases.py", "two_coordinators_share"),
    ("docs/test_code_blocks.py", "cluster.md"),
    ("benchmark/test_new.py", "check_finds_a_violation"),
    ("benchmark/test_cli.py", "doctor_reports_no_fault"),
    ("benchmark/test_cli.py", "suite_smoke_is_measured"),
    ("benchmark/test_faults.py", "over_its_time_limit"),
    ("benchmark/test_containment.py", "neither_moves_nor_speaks"),
    ("benchmark/test_tune.py", "without_all_of_its_runs"),
    ("benchmark/test_tune.py", "failed_trials_are_last"),
    ("benchmark/test_worker_processes.py", "fork_server_that_dies"),
    ("benchmark/test_encoding.py", "prints_its_table_where"),
    ("problems/test_contract.py", "tiny-gpt2-news-reuters-validation"),
    ("problems/language/texts/test_readers.py", "real_corpora_are_complete"),
)
"""Files and parts of the names of tests that are marked `slow`."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        place = item.path.relative_to(TESTS).as_posix() if TESTS in item.path.parents else ""
        if any(place.startswith(file) and part in item.name for file, part in SLOW):
            item.add_marker("slow")
        for marker, places in (("quick", QUICK), ("numerical", NUMERICAL)):
            if place.startswith(places) and item.get_closest_marker("slow") is None:
                item.add_marker(marker)


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    os.environ["FUSEFRONT_CACHE"] = str(tmp_path_factory.mktemp("cache"))


def pytest_collection_finish() -> None:
    # Thousands of collected tests are alive until the end: without this, every full garbage
    # collection looks at all of them.
    gc.collect()
    gc.freeze()
