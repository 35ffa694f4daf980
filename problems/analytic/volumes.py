"""Hypervolumes of known fronts, and integrals over a simplex."""

import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import cache
from itertools import chain, combinations
from typing import Final

import numpy as np
from numpy.polynomial import Chebyshev
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import qmc

Array = NDArray[np.float64]


def cover(m: int, k: int) -> Array:
    """Return about k points `(n, m)` of the unit simplex with m corners, including the corners.

    For two and three coordinates they are the finest lattice of at most k points, which covers the
    edges too; for more, the corners and uniformly spread Sobol points. The result is deterministic.

    >>> cover(2, 3)
    array([[0. , 1. ],
           [0.5, 0.5],
           [1. , 0. ]])
    """
    if m == 1:
        return np.ones((1, 1))
    if m == 2:
        first = np.linspace(0, 1, max(k, 2))
        return np.stack([first, 1 - first], axis=1)
    if m == 3:
        parts = max(1, (math.isqrt(8 * k + 1) - 3) // 2)
        i, j = np.indices((parts + 1, parts + 1)).reshape(2, -1)
        i, j = i[i + j <= parts], j[i + j <= parts]
        return np.stack([i, j, parts - i - j], axis=1) / parts
    power = max(0, k - m - 1).bit_length()
    uniform = qmc.Sobol(m, rng=np.random.default_rng(0)).random_base2(power)[: max(0, k - m)]
    steps = -np.log(np.clip(uniform, 2.0**-60, 1))
    return np.vstack([np.eye(m), steps / steps.sum(axis=1, keepdims=True)])


def faces(m: int) -> Iterator[list[int]]:
    """Yield the corners of every face that contains the last corner, with that corner last."""
    others = range(m - 1)
    subsets = chain.from_iterable(combinations(others, size) for size in range(m))
    return ([*subset, m - 1] for subset in subsets)


@cache
def gauss(nodes: int) -> tuple[Array, Array]:
    """Return points in [0, 1] and weights of Gauss-Legendre quadrature; do not modify them."""
    x, w = np.polynomial.legendre.leggauss(nodes)
    return (x + 1) / 2, w / 2


def quadrature(k: int, nodes: int) -> tuple[Array, Array]:
    """Return points `(n, k)` and weights `(n,)` for integrals over the simplex with k corners.

    The integral is over all coordinates except the last, with n = nodes^(k - 1). It is
    Gauss-Legendre quadrature in the collapsed coordinates of Duffy 1982, SIAM J. Numer. Anal.
    19(6), exact for polynomials of degree 2 nodes - k + 1.
    """
    x, w = gauss(nodes)
    points, weights, left = np.zeros((1, 0)), np.ones(1), np.ones(1)
    for _ in range(k - 1):
        coordinate = (left[:, None] * x).ravel()
        weights = np.outer(weights * left, w).ravel()
        points = np.column_stack([np.repeat(points, nodes, axis=0), coordinate])
        left = (left[:, None] * (1 - x)).ravel()
    return np.column_stack([points, left]), weights


def square_moments(k: int, up_to: int) -> list[Fraction]:
    """E[(c_1^2 + ... + c_k^2)^n] for n = 0 .. up_to, with c uniform on the simplex with k corners.

    By the multinomial theorem and the moments of the Dirichlet distribution this is
    n! (k - 1)! / (2n + k - 1)! times the coefficient of x^n in (sum_j (2j)! / j! x^j)^k.

    >>> square_moments(2, 1)
    [Fraction(1, 1), Fraction(2, 3)]
    """
    factor = [Fraction(math.factorial(2 * j), math.factorial(j)) for j in range(up_to + 1)]
    power = [Fraction(1), *[Fraction(0)] * up_to]
    for _ in range(k):
        power = [
            sum((power[i] * factor[n - i] for i in range(n + 1)), Fraction(0))
            for n in range(up_to + 1)
        ]
    scale = math.factorial(k - 1)
    return [
        power[n] * math.factorial(n) * scale / math.factorial(2 * n + k - 1)
        for n in range(up_to + 1)
    ]


Curve = Callable[[Array], Array]
"""Maps `(n,)` positions to `(n, 2)` objectives, the first increasing, the second decreasing."""
Images = Callable[[Array], tuple[Array, Array]]
"""Maps `(n, m)` points c of the simplex to `(n, m)` objectives and `(n, m, m)` dg_i / dc_j."""

_DEGREE: Final = 160
_NODES: Final = {2: 120, 3: 100, 4: 32}
"""Quadrature nodes per dimension, by the number of objectives."""
MOST_CORNERS: Final = max(_NODES)


def area(curve: Curve, spans: Sequence[tuple[float, float]], ref: tuple[float, float]) -> float:
    """Return the area that a front of two objectives dominates up to `ref`.

    The front is the curve over the spans, which are in order and whose pieces do not dominate each
    other. Each piece is integrated exactly as a Chebyshev interpolant of degree 160, whose
    difference from a smooth curve is of the order of rounding.
    """
    total = 0.0
    for i, (start, stop) in enumerate(spans):
        low, high = _clip(curve, start, stop, ref)
        if low < high:
            x, y = (_interpolant(curve, axis, low, high) for axis in (0, 1))
            inside = ((ref[1] - y) * x.deriv()).integ()
            total += float(inside(high) - inside(low))
        (x_end, y_end), x_next = curve(np.array([stop]))[0], ref[0]
        if i + 1 < len(spans):
            x_next = min(x_next, float(curve(np.array([spans[i + 1][0]]))[0, 0]))
        total += max(0.0, x_next - float(x_end)) * max(0.0, ref[1] - float(y_end))
    return total


def simplex_volume(images: Images, m: int, ref: float) -> float:
    """Return the volume that a front of m objectives dominates up to (ref, ..., ref).

    The entire front must be within the reference point. It is the image of a simplex with m corners
    under a smooth one-to-one map that takes the face of some tasks to the front of those tasks.
    With the last objective as height, the dominated set splits into one cell per face S that
    contains the last task: objectives in S are those of a point c of the face, and all others are
    at least those at c. So the volume is the sum over S of

        integral over S of (ref - g_last) prod_{j not in S} (ref - g_j) |det dg_i / dc_j| dc,

    with i and j in S without the last task. It is computed by `quadrature`; m is at most 4.
    """
    total = 0.0
    for face in faces(m):
        inner, weights = quadrature(len(face), _NODES[m])
        c = np.zeros((len(inner), m))
        c[:, face] = inner
        g, slopes = images(c)
        along = slopes - slopes[:, :, -1:]  # the last coordinate is 1 minus the others
        jacobian = along[:, face[:-1]][:, :, face[:-1]]
        outside = [j for j in range(m) if j not in face]
        heights = (ref - g[:, [m - 1, *outside]]).prod(axis=1)
        total += float(weights @ (heights * abs(np.linalg.det(jacobian))))
    return total


def _clip(curve: Curve, start: float, stop: float, ref: tuple[float, float]) -> tuple[float, float]:
    """Return the part of a span whose objectives are at most `ref`; empty if its ends are equal."""

    def beyond(axis: int) -> Callable[[float], float]:
        return lambda s: float(curve(np.array([s]))[0, axis]) - ref[axis]

    x, y = beyond(0), beyond(1)
    if x(start) >= 0 or y(stop) >= 0:
        return start, start
    low = brentq(y, start, stop, xtol=1e-15) if y(start) > 0 else start
    high = brentq(x, start, stop, xtol=1e-15) if x(stop) > 0 else stop
    return low, max(low, high)


def _interpolant(curve: Curve, axis: int, low: float, high: float) -> Chebyshev:
    return Chebyshev.interpolate(lambda s: curve(s)[:, axis], _DEGREE, domain=[low, high])
