"""Command line: assemble the pages, build them strictly, check the links of what was built."""

import subprocess
import sys
import time
from pathlib import Path

from .assemble import assemble
from .check import check_site

ROOT = Path(__file__).resolve().parents[2]


def build(site: Path) -> int:
    """Build the site into a folder and return an exit status: 0 only without any warning."""
    start = time.perf_counter()
    pages = site.with_name(f"{site.name}-pages")
    assemble(ROOT, pages)
    print(f"assembled pages in {time.perf_counter() - start:.0f} s", flush=True)
    # -E: what an earlier build remembers of the source code leads to links that are broken now.
    options = [
        "-E",
        "-j",
        "auto",
        "-b",
        "html",
        "-W",
        "--keep-going",
        "-q",
        "-c",
        str(Path(__file__).parent),
    ]
    places = ["-d", str(site.with_name(f"{site.name}-doctrees")), str(pages), str(site)]
    command = [sys.executable, "-m", "sphinx", *options, *places]
    status = subprocess.run(command, cwd=ROOT, check=False).returncode
    faults = check_site(site)
    print("\n".join(faults), end="\n" if faults else "")
    print(f"{site}/index.html: {len(faults)} faults, {time.perf_counter() - start:.0f} s")
    return status or int(bool(faults))


if __name__ == "__main__":
    sys.exit(build(Path(sys.argv[1] if len(sys.argv) > 1 else "build/site").resolve()))
