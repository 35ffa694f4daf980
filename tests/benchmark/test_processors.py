"""The number of processors is the smallest of affinity and the quotas of all control groups."""

import os
from pathlib import Path

import pytest

from fusefront.benchmark.processors import usable_processors

ALL = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ("max 100000", ALL),
        ("100000 100000", 1),
        ("50000 100000", 1),
        ("190000 100000", 1),
        (f"{ALL + 5}00000 100000", ALL),
        ("damaged", ALL),
    ],
)
def test_quota_of_version_2(tmp_path: Path, limit: str, expected: int) -> None:
    _write(tmp_path / "groups", "0::/user/job\n")
    _write(tmp_path / "mount/user/job/cpu.max", limit)
    assert usable_processors(tmp_path / "groups", tmp_path / "mount") == expected


def test_quota_of_a_group_above_or_of_the_root_of_a_container(tmp_path: Path) -> None:
    _write(tmp_path / "groups", "0::/user/job\n")
    _write(tmp_path / "mount/user/job/cpu.max", "max 100000")
    _write(tmp_path / "mount/user/cpu.max", "100000 100000")
    assert usable_processors(tmp_path / "groups", tmp_path / "mount") == 1
    _write(tmp_path / "root/cpu.max", "100000 100000")
    assert usable_processors(tmp_path / "groups", tmp_path / "root") == 1


def test_quota_of_version_1(tmp_path: Path) -> None:
    _write(tmp_path / "groups", "4:memory:/job\n3:cpu,cpuacct:/job\n")
    _write(tmp_path / "mount/cpu,cpuacct/job/cpu.cfs_period_us", "100000")
    _write(tmp_path / "mount/cpu,cpuacct/job/cpu.cfs_quota_us", "-1")
    assert usable_processors(tmp_path / "groups", tmp_path / "mount") == ALL
    _write(tmp_path / "mount/cpu,cpuacct/job/cpu.cfs_quota_us", "100000")
    assert usable_processors(tmp_path / "groups", tmp_path / "mount") == 1


def test_without_control_groups_affinity_decides(tmp_path: Path) -> None:
    assert usable_processors(tmp_path / "absent", tmp_path) == ALL
