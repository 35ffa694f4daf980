"""Every code block of every page runs, except those that say why they cannot."""

from pathlib import Path

import pytest
from tests.docs.blocks import EXECUTABLE, SHOWN, blocks, commands, run_page
from tests.docs.pages import PAGES

NOT_RUN = 30
"""Number of blocks that may be skipped; raising it is a decision that a review sees."""

SLOW = frozenset(
    {
        "README.md",
        "docs/add-algorithm.md",
        "docs/add-metric.md",
        "docs/add-problem.md",
        "docs/correctness/map.md",
        "docs/figures.md",
        "docs/findings.md",
        "docs/getting-started.md",
        "docs/metrics.md",
        "docs/own-experts.md",
        "docs/problems.md",
        "docs/report.md",
        "docs/results.md",
        "docs/running.md",
        "docs/sharing.md",
        "docs/studies.md",
        "docs/tuning.md",
    }
)
"""Pages that compute several runs or score a complete archive."""

WITH_CODE = [
    name
    for name, path in PAGES.items()
    if any(b.language in EXECUTABLE and not b.not_run for b in blocks(path.read_text("utf-8")))
]


@pytest.mark.parametrize("name", sorted(set(WITH_CODE) - SLOW))
def test_blocks_of_a_page_run(name: str, tmp_path: Path) -> None:
    assert not run_page(PAGES[name].read_text("utf-8"), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(SLOW))
def test_blocks_of_a_slow_page_run(name: str, tmp_path: Path) -> None:
    assert not run_page(PAGES[name].read_text("utf-8"), tmp_path)


@pytest.mark.parametrize("name", PAGES)
def test_language_of_every_block_is_known(name: str) -> None:
    languages = {block.language for block in blocks(PAGES[name].read_text("utf-8"))}
    assert languages <= EXECUTABLE | SHOWN


def test_exceptions_are_few() -> None:
    excepted = [
        f"{name}:{block.line}: {block.not_run}"
        for name, path in PAGES.items()
        for block in blocks(path.read_text("utf-8"))
        if block.not_run
    ]
    assert len(excepted) <= NOT_RUN, "\n".join(excepted)


def test_markers_files_and_statuses_are_read() -> None:
    text = """
Save this as `mine.py`:

```python
x = 1
```

```console not-run="needs a cluster"
$ a
```

<!-- not-run: is an excerpt -->
```toml
# b.toml
```

```console
$ fusefront check x  # exit status 2
output
$ b \\
    c
```
"""
    saved, marked, commented, console = blocks(text)
    assert (saved.file, saved.line) == ("mine.py", 5)
    assert (marked.not_run, commented.not_run) == ("needs a cluster", "is an excerpt")
    assert commented.file == "b.toml"
    assert [status for _, status in commands(console)] == [2, 0]
    assert commands(console)[1][0].split() == ["b", "c"]


def test_failures_are_reported_and_the_namespace_is_shared(tmp_path: Path) -> None:
    text = """
```python
x = 1
```

```python
assert x == 2, "not two"
```

```console
$ test -z "$(ls -A $HOME)"
$ exit 3
```
"""
    python, command = run_page(text, tmp_path)
    assert python.startswith("line 7: python block failed")
    assert "not two" in python
    assert command.startswith("line 11: `exit 3` exited 3")
