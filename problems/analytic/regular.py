"""Fronts of losses that grow with the distance to experts that are equally far apart."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import comb, factorial
from typing import Final, final

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import quad

from . import volumes as simplex
from .volumes import MOST_CORNERS, area, simplex_volume

Array = NDArray[np.float64]
_TOLERANCE: Final = 1e-12
_INNER_NODES: Final = 64


@final
@dataclass(frozen=True, kw_only=True)
class Growth:
    """The growth of an objective g with the squared distance d to its expert.

    d is relative to the squared distance of the pretrained model.

    Attributes:
        value: From d to g; increasing, 0 at 0 and 1 at 1.
        slope: dg / dd.
        inverse: From g to d; infinite beyond all values of g.
    """

    value: Callable[[Array], Array]
    slope: Callable[[Array], Array]
    inverse: Callable[[float], float]


PROPORTIONAL: Final = Growth(value=lambda d: d, slope=np.ones_like, inverse=lambda g: g)


def distances(c: Array, spread: float) -> Array:
    """`(n, m)` squared distances from points `(n, m)` of the simplex to its corners.

    Two corners are as far apart as unit vectors of cosine 1 - spread, so d_t = spread |c - e_t|^2.
    """
    squared: Array = spread * ((c**2).sum(axis=1, keepdims=True) - 2 * c + 1)
    return squared


def front(m: int, k: int, spread: float, growth: Growth) -> Array:
    """About k objectives `(n, m)` of the front.

    The Pareto set is the convex hull of the experts: for a point outside, the nearest point of the
    hull is closer to every expert, and of two points in the hull neither is closer to all experts.
    """
    return growth.value(distances(simplex.cover(m, k), spread))


def volume(m: int, spread: float, growth: Growth, ref: float) -> float | None:
    """Hypervolume of the front up to (ref, ..., ref), correct to 1e-9; None if it is not known.

    It is known for two and three tasks. For more it is known if the reference point is beyond the
    entire front: in closed form if the objective is the squared distance, else up to four tasks.
    """
    inside = float(growth.value(np.array(2 * spread))) <= ref + _TOLERANCE
    if inside and growth is PROPORTIONAL:
        return _closed_form(m, spread, ref)
    if m == 2:
        ends = [(0.0, 1.0)]
        return area(lambda s: front_curve(s, spread, growth), ends, (ref, ref))
    if inside and m <= MOST_CORNERS:
        return simplex_volume(lambda c: images(c, spread, growth), m, ref)
    return _clipped_triangle(spread, growth, ref) if m == 3 else None


def front_curve(s: Array, spread: float, growth: Growth) -> Array:
    """`(n, 2)` objectives of two tasks at positions s between expert 1 (0) and expert 2 (1)."""
    return growth.value(distances(np.stack([1 - s, s], axis=1), spread))


def images(c: Array, spread: float, growth: Growth) -> tuple[Array, Array]:
    """Objectives of points of the simplex, and derivatives with respect to its coordinates."""
    d = distances(c, spread)
    inner = 2 * spread * (c[:, None, :] - np.eye(c.shape[1]))
    return growth.value(d), growth.slope(d)[:, :, None] * inner


def _closed_form(m: int, spread: float, ref: float) -> float:
    """Return `simplex_volume` of squared distances exactly, for a point beyond the entire front.

    With q = |c|^2 and B = ref - spread (1 + q), the determinant on a face of k corners is
    (2 spread)^(k - 1) k c_last. The mean of the heights over the choice of the last corner leaves
    (2 spread)^(k - 1) (B + 2 spread q) B^(m - k), a polynomial in q whose moments are known.
    Fractions avoid the cancellation of its alternating terms.
    """
    a, two = Fraction(ref) - Fraction(spread), 2 * Fraction(spread)
    total = Fraction(0)
    for k in range(1, m + 1):
        moments = simplex.square_moments(k, m - k + 1)
        n = m - k
        power = [comb(n, i) * a ** (n - i) * (-two / 2) ** i for i in range(n + 1)]
        integral = sum(
            p * (a * moments[i] + (two / 2) * moments[i + 1]) for i, p in enumerate(power)
        )
        total += comb(m - 1, k - 1) * two ** (k - 1) * integral / factorial(k - 1)
    return float(total)


def _clipped_triangle(spread: float, growth: Growth, ref: float) -> float:
    """Return `simplex_volume` for three tasks if part of the front exceeds the reference point.

    A cell is integrated only where no objective exceeds it. On the face of all three tasks, at
    c = ((1 - s) / 2 - u, (1 - s) / 2 + u, s), this is an interval |u| <= U(s) for each s.
    """
    limit = growth.inverse(ref) / spread  # of |c - e_t|^2
    corner = ref * max(0.0, ref - float(growth.value(np.array(2 * spread)))) ** 2
    edge = 2 * quad(lambda s: _edge(s, spread, growth, ref), 0, 1, **_breaks(_edge_end(limit)))[0]
    inner = quad(lambda s: _row(s, spread, growth, ref, limit), 0, 1, **_breaks(_kinks(limit)))[0]
    return float(corner + edge + inner)


def _edge(s: float, spread: float, growth: Growth, ref: float) -> float:
    """Integrand of the cell of tasks 1 and 3, at c = (1 - s, 0, s)."""
    g, slopes = images(np.array([[1 - s, 0.0, s]]), spread, growth)
    heights = np.maximum(ref - g[0], 0)
    slope = abs(slopes[0, 0, 0] - slopes[0, 0, 2])
    return float(heights[2] * heights[1] * slope * (g[0, 0] <= ref))


def _row(s: float, spread: float, growth: Growth, ref: float, limit: float) -> float:
    """Integrand of the cell of all three tasks at s, already integrated over u."""
    half = (1 - s) / 2
    third = limit - 1.5 * (1 - s) ** 2  # |c - e_3|^2 = 1.5 (1 - s)^2 + 2 u^2
    others = 0.5 * limit - 0.75 * s**2  # |c - e_1|^2 = 1.5 s^2 + 2 (u + 1/2)^2
    reach = min(half, (max(third, 0) / 2) ** 0.5, max(others, 0) ** 0.5 - 0.5)
    if reach <= 0:
        return 0.0
    x, w = simplex.gauss(_INNER_NODES)
    u = reach * x  # the other half is its mirror image
    c = np.stack([half - u, half + u, np.full_like(u, s)], axis=1)
    g, slopes = images(c, spread, growth)
    along = (slopes - slopes[:, :, -1:])[:, :2, :2]
    return float(2 * reach * (w @ ((ref - g[:, 2]) * abs(np.linalg.det(along)))))


def _edge_end(limit: float) -> list[float]:
    """Positions on the edge from expert 1 to 3 where an objective reaches the reference point."""
    ends = [(limit / 2) ** 0.5, 1 - (limit / 2) ** 0.5]
    return [*ends, *_roots(2, -2, 2 - limit)]


def _kinks(limit: float) -> list[float]:
    """Values of s at which U(s) of `_clipped_triangle` changes its formula."""
    first = [1 - (limit / 1.5) ** 0.5, 1 - (limit / 2) ** 0.5]
    second = [*_roots(1.5, 0, 0.5 - limit), *_roots(2, -2, 2 - limit)]
    return [*first, *second, *_roots(6, -6, 2 - limit)]


def _roots(a: float, b: float, c: float) -> list[float]:
    roots = np.roots([a, b, c])
    return [float(r.real) for r in roots if abs(r.imag) < _TOLERANCE]


def _breaks(points: list[float]) -> dict[str, object]:
    inside = sorted(p for p in points if 0 < p < 1)
    return {"points": inside or None, "limit": 400, "epsabs": 1e-13, "epsrel": 1e-12}
