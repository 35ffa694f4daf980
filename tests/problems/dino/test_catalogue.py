from fusefront.entry import Entry
from fusefront.problems import PROBLEMS, listed
from fusefront.problems.family import FamilyProblem
from fusefront.problems.vision.families import DINO

ENTRIES = {e.name: e for e in PROBLEMS.select({"family": "dino"})}


def tasks(entry: Entry) -> tuple[str, ...]:  # type: ignore[type-arg] # of whatever it makes
    problem = entry.load()()
    assert isinstance(problem, FamilyProblem)
    return problem.tasks


def test_every_pair_is_a_problem_and_so_are_all_together() -> None:
    sizes = [len(tasks(entry)) for entry in ENTRIES.values()]
    n = len(DINO.tasks)
    assert sizes.count(2) == n * (n - 1) // 2
    assert tasks(ENTRIES["dino-all"]) == DINO.tasks
    assert len(ENTRIES) == len(DINO.subsets)


def test_a_problem_belongs_to_a_half_only_if_all_its_tasks_do() -> None:
    halves = (set(DINO.tasks[::2]), set(DINO.tasks[1::2]))
    for entry in ENTRIES.values():
        own = [
            name
            for name, half in zip(("dev", "test"), halves, strict=True)
            if set(tasks(entry)) <= half
        ]
        assert [entry.labels[key] for key in ("subset",) if key in entry.labels] == own


def test_both_halves_have_two_questions_about_the_same_images() -> None:
    same = {
        e.labels.get("subset")
        for e in ENTRIES.values()
        if len(tasks(e)) == 2 and e.labels["conflict"] == "same-inputs"
    }
    assert same == {"dev", "test"}


def test_summaries_name_the_tasks_and_what_they_show() -> None:
    for entry in ENTRIES.values():
        assert entry.summary.startswith(f"Merge the DINOv2 experts of {listed(tasks(entry))}:")
        assert "; shows " in entry.summary


def test_summaries_distinguish_the_same_corner_from_opposite_corners() -> None:
    assert "the same corner of different overlays" in ENTRIES["dino-left-over-digit"].summary
    assert "opposite corners, in strong conflict, of" in ENTRIES["dino-left-over-garment"].summary
