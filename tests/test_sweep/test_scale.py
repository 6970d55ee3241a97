"""Many networks: order is kept, and memory stays flat."""

from __future__ import annotations

import subprocess
import sys

from sweep import parallel_run

MEMORY = """
import resource
from sweep import parallel_run

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

parallel_run(lambda idx, net: idx, number=2_000)
before = peak()
results = parallel_run(lambda idx, net: idx, number=100_000)
print(peak() - before, results[99_999], sum(results))
"""


def test_ten_thousand_networks_keep_their_order() -> None:
    assert parallel_run(lambda idx, net: idx, number=10_000) == list(range(10_000))


def test_a_hundred_thousand_networks_take_no_memory_of_the_client() -> None:
    done = subprocess.run(
        [sys.executable, "-c", MEMORY], capture_output=True, text=True, timeout=250, check=True
    )

    grown, last, total = done.stdout.split()
    assert float(grown) < 100  # MB; a list of outcomes would be three times that
    assert int(last) == 99_999
    assert int(total) == sum(range(100_000))
