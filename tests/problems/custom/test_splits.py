from fusefront.problems.custom.examples import SPLITS, split_rows

KEYS = [f"text {i}" for i in range(3000)]
FRACTIONS = (0.5, 0.2, 0.3)


def test_splits_are_disjoint_and_complete() -> None:
    found = split_rows(KEYS, FRACTIONS, seed=3)
    assert sorted(row for split in SPLITS for row in found[split]) == list(range(3000))


def test_sizes_are_the_fractions_up_to_chance() -> None:
    found = split_rows(KEYS, FRACTIONS, seed=0)
    for split, fraction in zip(SPLITS, FRACTIONS, strict=True):
        assert abs(len(found[split]) / 3000 - fraction) < 4 * (0.25 / 3000) ** 0.5


def test_an_input_is_in_the_same_split_of_every_file() -> None:
    one = split_rows(KEYS, FRACTIONS, seed=0)
    other = split_rows(["new", *reversed(KEYS[:500])], FRACTIONS, seed=0)
    for split in SPLITS:
        here = {KEYS[i] for i in one[split]}
        assert {["new", *reversed(KEYS[:500])][i] for i in other[split]} - {"new"} <= here


def test_repeated_inputs_stay_together() -> None:
    found = split_rows(["a", "b", "a", "a"], FRACTIONS, seed=0)
    assert any({0, 2, 3} <= set(rows) for rows in found.values())


def test_splits_depend_on_the_seed() -> None:
    assert split_rows(KEYS, FRACTIONS, 1) == split_rows(KEYS, FRACTIONS, 1)
    assert split_rows(KEYS, FRACTIONS, 1) != split_rows(KEYS, FRACTIONS, 2)
