"""What `fusefront check` runs: the contract of an algorithm that a pytest plug-in brings."""

import pytest

from ..algorithms.base import Algorithm
from .algorithm_contract import AlgorithmContract


class Brought:
    """A pytest plug-in with the algorithm."""

    def __init__(self, algorithm: Algorithm) -> None:
        self._algorithm = algorithm

    @pytest.fixture
    def brought(self) -> Algorithm:
        return self._algorithm


class TestAlgorithm(AlgorithmContract):
    @pytest.fixture
    def algorithm(self, brought: Algorithm) -> Algorithm:
        return brought
