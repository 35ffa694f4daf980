"""Reads the fenced code blocks of a page, and runs them as a reader would.

| block | what happens |
| --- | --- |
| `console` | each line that starts with `$ ` runs in bash; the other lines are output |
| `bash` | runs as one script |
| `python` | runs in the page's namespace, or is saved if it names a file |
| `toml` | is parsed, and saved if it names a file |

A block names a file in its first line (`# mine.py`, `# study.toml, for ...`), or the sentence
before it does (``Save this as `mine.py`:``). A command may end in `# exit status N`; otherwise it
must exit 0. A block that cannot run says so in its fence, `console not-run="needs a cluster"`, or
in a comment on the line above it, `<!-- not-run: needs a cluster -->`.
"""

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

EXECUTABLE: Final = frozenset({"console", "bash", "python", "toml"})
SHOWN: Final = frozenset({"", "text", "json", "latex", "markdown"})
"""Languages of output and of examples that nothing executes."""

SECONDS: Final = 600
"""Limit of one command: several times what the slowest takes on a busy machine."""

_FENCE: Final = re.compile(r"^(`{3,})([^`\n]*)\n(.*?)^\1[ ]*$", re.MULTILINE | re.DOTALL)
_REASON: Final = (
    re.compile(r"not-run=\"([^\"]+)\""),
    re.compile(r"<!-- not-run: (.+?) -->"),
)
_FILE: Final = re.compile(r"^# ([\w.-]+\.(?:py|toml))\b")
_FILE_BEFORE: Final = re.compile(r"`([\w.-]+\.(?:py|toml))`[^`.]*:$")
_STATUS: Final = re.compile(r"#.*exit status (\d+)")


@dataclass(frozen=True, kw_only=True)
class Block:
    """A fenced block.

    Attributes:
        line: Line of the page at which its body starts.
        not_run: Why it is not executed; empty if it is.
        file: The file that it is saved as; empty if none.
    """

    language: str
    body: str
    line: int
    not_run: str
    file: str


def blocks(text: str) -> Iterator[Block]:
    """Yield the blocks of a page in order, without MyST directives."""
    position = 0
    for match in _FENCE.finditer(text):
        language, _, info = match[2].strip().partition(" ")
        before = text[position : match.start()].rstrip()
        position = match.end()
        if language.startswith("{"):
            continue
        last = before.rpartition("\n")[2]
        reason = _REASON[0].search(info) or _REASON[1].search(last)
        file = _FILE.match(match[3])
        if file is None and language in ("python", "toml"):
            paragraph = " ".join(before.rpartition("\n\n")[2].split())
            file = _FILE_BEFORE.search(paragraph)
        yield Block(
            language=language,
            body=match[3],
            line=text.count("\n", 0, match.start(3)) + 1,
            not_run=reason[1] if reason else "",
            file=file[1] if file else "",
        )


def commands(block: Block) -> list[tuple[str, int]]:
    """Return the commands of a console or bash block, each with its expected exit status."""
    if block.language == "bash":
        return [(f"set -e\n{block.body}", 0)]
    lines = block.body.replace("\\\n", " ").splitlines()
    shown = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    return [(line, int(status[1]) if (status := _STATUS.search(line)) else 0) for line in shown]


def run_page(text: str, folder: Path) -> list[str]:
    """Run all blocks of a page in a new folder and return one message per failure."""
    home, work = folder / "home", folder / "work"
    home.mkdir()
    work.mkdir()
    environment = _environment(home)
    failures = []
    with _Namespace(work, environment) as namespace:
        for block in blocks(text):
            if block.not_run:
                continue
            if block.file:
                (work / block.file).write_text(block.body, encoding="utf-8")
            if block.language == "toml":
                tomllib.loads(block.body)
            elif block.language in ("console", "bash"):
                for command, status in commands(block):
                    failures += _run(command, status, block, work, environment)
            elif block.language == "python" and not block.file:
                failures += namespace.run(block)
    return failures


def _environment(home: Path) -> dict[str, str]:
    """Return the environment of a new user: an empty home, and this interpreter's commands."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in ("PYTHONPATH", "LANG", "FUSEFRONT_FASHION_MNIST", "FUSEFRONT_TEXTS")
    }
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return kept | {"HOME": str(home), "PATH": path, "TERM": "dumb", "OMP_NUM_THREADS": "1"}


def _run(
    command: str, status: int, block: Block, work: Path, environment: dict[str, str]
) -> list[str]:
    try:
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=work,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return [f"line {block.line}: `{command}` took more than {SECONDS} s"]
    if done.returncode == status:
        return []
    last = "\n    ".join(done.stdout.strip().splitlines()[-4:])
    return [f"line {block.line}: `{command}` exited {done.returncode}\n    {last}"]


_DRIVER: Final = """
import json, sys, traceback
namespace = {"__name__": "__main__"}
for line in sys.stdin:
    name, code = json.loads(line)
    try:
        exec(compile(code, name, "exec"), namespace)
    except BaseException:
        reply = traceback.format_exc()
    else:
        reply = ""
    sys.stdout.flush()
    print(json.dumps(reply), file=sys.stderr, flush=True)
"""


class _Namespace:
    """An interpreter in which all Python blocks of a page run, started by the first of them.

    The driver replies on standard error, since blocks print on standard output. Warnings are off:
    tests of the code itself make them errors.
    """

    def __init__(self, work: Path, environment: dict[str, str]) -> None:
        self._work, self._environment = work, environment
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> "_Namespace":
        return self

    def __exit__(self, *error: object) -> None:
        if self._process is not None:
            self._process.communicate()

    def run(self, block: Block) -> list[str]:
        """Run a block and return its traceback, if any."""
        process = self._process = self._process or self._start()
        asked, replyed = _pipe(process.stdin), _pipe(process.stderr)
        asked.write(json.dumps([f"line {block.line}", block.body]) + "\n")
        asked.flush()
        for line in replyed:
            if line.startswith('"'):
                last = json.loads(line).strip().splitlines()[-3:]
                return (
                    [f"line {block.line}: python block failed\n    " + "\n    ".join(last)]
                    if last
                    else []
                )
        return [f"line {block.line}: the interpreter ended"]

    def _start(self) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", _DRIVER],
            cwd=self._work,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )


def _pipe(stream: IO[str] | None) -> IO[str]:
    assert stream is not None, "opened as a pipe"
    return stream
