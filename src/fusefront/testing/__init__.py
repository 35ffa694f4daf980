"""Contracts that algorithms, problems and metrics must satisfy; plug-ins inherit their tests.

Needs pytest. For readable failures, write `pytest.register_assert_rewrite("fusefront.testing")` in
your `conftest.py`.
"""
