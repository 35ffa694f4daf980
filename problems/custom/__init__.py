"""A problem made of a user's own pretrained model, experts and data, described by one TOML file."""

from .problem_file import problem_entry

__all__ = ["problem_entry"]
