"""Seeds depend on their path only, and never change."""

from itertools import permutations

from fusefront.benchmark.study.identity import derive_seed


def test_values_are_the_same_in_every_version() -> None:
    assert derive_seed(0, "smoke-left-right", 0, "data") == 1_331_702_650_114_038_931
    assert derive_seed(7, "digits-all", "pwemoe-ls", 2, "fit") == 5_572_067_993_313_748_813


def test_every_element_and_their_order_matter() -> None:
    paths: set[tuple[str | int, ...]]
    paths = {(0, "a", 1, "fit"), (1, "a", 1, "fit"), (0, "b", 1, "fit"), (0, "a", 2, "fit")}
    paths |= {(0, "a", 1, "data"), (0, "a", 1), (0, "a", "1fit"), (0, "a", 1, "fit", "")}
    whole: tuple[str | int, ...] = (0, "a", 1, "fit")
    paths |= set(permutations(whole))
    assert len({derive_seed(*path) for path in paths}) == len(paths)


def test_separators_inside_elements_do_not_make_paths_equal() -> None:
    paths = [("a/", "b"), ("a", "/b"), ("a", "b"), ("a/b",), ("a%2F", "b"), ("a", "", "b")]
    assert len({derive_seed(*path) for path in paths}) == len(paths)


def test_seeds_fit_into_what_torch_takes() -> None:
    assert all(0 <= derive_seed(i) < 2**63 for i in range(100))
