"""Benchmarks: ``python -m bench``, in an environment where this package is installed.

page      The example of ANNarchy's page (100 Poisson sources, 100 Izhikevich neurons, 1 s in steps of 1 ms)
          on ours, with each simulator that is installed, and on ANNarchy 4.8 and 5.0, which get environments
          of their own in the user's cache directory. Needs g++, make, and the package index the first time.
coba      COBA of Brette et al. (2007) as in ANNarchy's example: 8 networks of 4,000 cells, 500 ms in steps of
          .1 ms, on ours and on ANNarchy 4.8.
overhead  10,000 networks whose method only returns its index: what we cost. The aim is 2,000 a second on two
          cores, with and without a store.

How to read the numbers. CPU time is that of all processes that work for a script: our scheduler, workers and
their children too. Compare it first: wall time depends on what else the machine does. The engines run in
turn, each time in a fresh process, and ratios are of runs that followed each other; what is in brackets is
the least and the most of all rounds. Times per network are of the call of `parallel_run` alone, with workers
of ours that have been started before; starting ANNarchy's, which fork, is part of each of its calls. All that
is paid once in a script is in a table of its own, measured phase by phase:
  imports  of the package;
  ready    ours: starting the workers, importing the simulator there, compiling (Brian2), and two networks
           for each worker; ANNarchy's: compiling the network;
  rest     starting the interpreter, and ending all processes.
"The first time" nothing has been compiled before; later, what was compiled is found.
"spikes" is the mean of a network, and "differ by" how far it is from ANNarchy's with its standard error,
over pairs of networks of equal rate: "(!)" marks a difference of more than 4 of them, which would mean that
different work was compared. ANNarchy's networks take longer the more there are (each worker slows down as it
goes on), so its time per network is one for that number of networks.
"""

from __future__ import annotations

import argparse

from bench import overhead, page
from hardware.cores import usable_cores


def main() -> None:
    """Run the benchmarks that the command line asks for."""
    arguments = _parsed()
    sizes = [10] if arguments.quick else [int(size) for size in arguments.sizes.split(",")]
    rounds = 1 if arguments.quick else arguments.rounds
    if arguments.which in ("page", "all"):
        page.run_page(sizes, rounds, arguments.processes)
    if arguments.which in ("coba", "all"):
        page.run_coba(2 if arguments.quick else 8, rounds, arguments.processes)
    if arguments.which in ("overhead", "all"):
        overhead.run(100 if arguments.quick else 10_000, rounds, arguments.processes)


def _parsed() -> argparse.Namespace:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("python -m bench", description=__doc__, formatter_class=raw)
    parser.add_argument("which", nargs="?", choices=["page", "coba", "overhead", "all"], default="all")
    parser.add_argument("--sizes", default="100,1000", help="numbers of networks of the page's example")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--processes", type=int, default=usable_cores(), help="by default one for each core")
    parser.add_argument(
        "--quick", action="store_true", help="one round of few networks, to see that it works"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
