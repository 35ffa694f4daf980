"""The tests of `fusefront check`: the contract, for an algorithm from a pytest plug-in."""

import pytest

from ..algorithms.base import Algorithm
from .algorithm_contract import AlgorithmContract


class Brought:
    """A pytest plug-in that provides the algorithm."""

    def __init__(self, algorithm: Algorithm) -> None:
        self._algorithm = algorithm

    @pytest.fixture
    def brought(self) -> Algorithm:
        return self._algorithm


class TestAlgorithm(AlgorithmContract):
    @pytest.fixture
    def algorithm(self, brought: Algorithm) -> Algorithm:
        return brought
