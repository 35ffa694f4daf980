"""Specifications for tests, from texts."""

from fusefront.benchmark.study.problem_spec import ProblemSpec


def problems(*texts: str) -> tuple[ProblemSpec, ...]:
    """Parse problems, as a `Study` holds them."""
    return tuple(ProblemSpec.parse(text) for text in texts)
