"""Measure how often the 95 % intervals of `aloi eval` contain the true F1.

    python bench/interval_coverage.py [--simulations 2000] [--documents 31]

Each simulation draws documents from a population with a known F1 and computes the bootstrap
intervals of the sample. Documents differ in size and difficulty. The nominal coverage is 0.95.
"""

from __future__ import annotations

import argparse

import numpy as np

from aloi.eval.columns import Floats, Ints
from aloi.eval.score_counts import Counts
from aloi.eval.scoring_choices import IntervalMethod
from aloi.eval.statistics.intervals import quantile_interval, resample, tail_probability

POPULATIONS = {
    "20 mentions a document": (20.0, 0.3),
    "3 mentions a document": (3.0, 0.3),
    "very unequal sizes": (20.0, 1.5),
}
"""Mean number of gold mentions of a document, and sigma of the logarithm of this number."""

RECALL = (12, 2)
SPURIOUS = (2, 16)
"""Parameters of the beta distributions of recall, and of spurious predictions per gold mention."""

REPLICATES = 1000
POPULATION_SIZE = 200_000


def main() -> None:
    """Print the coverage of each kind of interval, for each population."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulations", type=int, default=2000)
    parser.add_argument("--documents", type=int, default=31)
    arguments = parser.parse_args()
    print(f"{'population':26}", *(f"{method:>10}" for method in IntervalMethod))
    for name, population in POPULATIONS.items():
        coverage = measure_coverage(population, arguments.documents, arguments.simulations)
        print(f"{name:26}", *(f"{coverage[method]:10.3f}" for method in IntervalMethod))


def measure_coverage(
    population: tuple[float, float], documents: int, simulations: int
) -> dict[IntervalMethod, float]:
    """Return the share of simulations in which the interval contains the true F1, by method."""
    generator = np.random.default_rng(0)
    true = _f1(_draw(generator, population, POPULATION_SIZE)[None].sum(axis=1))[0]
    covered = dict.fromkeys(IntervalMethod, 0)
    for seed in range(simulations):
        counts = _draw(generator, population, documents)
        values = _f1(resample(counts[:, None], REPLICATES, seed)[:, 0])
        for method in IntervalMethod:
            found = quantile_interval(values, tail_probability(documents, method))
            assert found.low is not None
            assert found.high is not None
            covered[method] += found.low <= true <= found.high
    return {method: number / simulations for method, number in covered.items()}


def _draw(generator: np.random.Generator, population: tuple[float, float], size: int) -> Ints:
    """Return the counts tp, fp and fn of random documents. Shape: (documents, 3)."""
    mean, spread = population
    sizes = generator.poisson(mean * generator.lognormal(-(spread**2) / 2, spread, size))
    tp = generator.binomial(sizes, generator.beta(*RECALL, size))
    fp = generator.poisson(sizes * generator.beta(*SPURIOUS, size))
    return np.stack([tp, fp, sizes - tp], axis=-1)


def _f1(counts: Ints | Floats) -> Floats:
    f1: Floats = Counts.compute_ratios(counts.astype(float))[..., 2]
    return f1


if __name__ == "__main__":
    main()
