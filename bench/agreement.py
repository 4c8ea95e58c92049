"""Measure the time of `measure_agreement` for five annotators of 2,000 documents.

python bench/agreement.py [--documents 2000] [--annotators 5] [--bootstrap 0]
"""

from __future__ import annotations

import argparse
import time

from pairs import pairs

from aloi.eval.agreement.annotator_agreement import measure_agreement
from aloi.eval.columns import Annotations


def main() -> None:
    """Print the seconds that the measures of agreement take, without reading files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--annotators", type=int, default=5)
    parser.add_argument("--bootstrap", type=int, default=0)
    arguments = parser.parse_args()
    annotators = make_annotators(arguments.documents, arguments.annotators)
    start = time.perf_counter()
    measure_agreement(annotators, bootstrap=arguments.bootstrap)
    print(f"{arguments.annotators} annotators, {arguments.documents} documents:", end=" ")
    print(f"{time.perf_counter() - start:.1f} s")


def make_annotators(documents: int, annotators: int) -> dict[str, Annotations]:
    """Return annotators whose mentions differ from common gold by random errors."""
    made = [pair.documents() for pair in pairs(documents)]
    names = [f"annotator {number}" for number in range(annotators)]
    return {
        name: Annotations.of(
            pred if (index + number) % annotators else gold
            for index, (gold, pred) in enumerate(made)
        )
        for number, name in enumerate(names)
    }


if __name__ == "__main__":
    main()
