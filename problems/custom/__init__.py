"""A user's own base, experts and data as a problem, described by one TOML file."""

from .problem_file import problem_entry

__all__ = ["problem_entry"]
