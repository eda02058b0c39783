"""What plans promise, and what happens in the long run by an event loop that knows the documents alone.

    PYTHONPATH=lib python -m benchmarks.promises [--made 20] [--release OUT --skus 20 --frequency D --unmet lost]

Single networks whose promises did not hold once, networks that Hypothesis makes of all that inputs reach, and with --release
the dearest SKUs of a release, from its published tables. Fill rates of customers (points are hundredths), stock on hand of
the whole network; both are to be within what `support.long_run.promise` says.
"""

import argparse
from collections.abc import Iterator

from echelon.api import read_release
from support.long_run import Published, published_promise
from support.long_run.cases import described, made, the_cases
from support.long_run.promise import Promise, promise_of

_HEAD = f"{'network':62} {'promised':>8} {'long run':>8} {'se':>6} {'points':>7} {'stock':>9} {'long run':>9} {'more':>7}"


def lines(release: str | None, made_up: int, skus: int, frequency: str, unmet: str) -> Iterator[tuple[str, Promise]]:
    """Names and promises, one after the other."""
    if release:
        published = Published.of(read_release(release), frequency, unmet)
        yield from ((sku, published_promise(published, sku)) for sku in published.dearest(skus))
        return
    yield from ((case.name, promise_of(case.network, case.periods)) for case in the_cases())
    yield from ((f"{n}: {described(network)}", promise_of(network)) for n, network in enumerate(made(made_up)))


def main() -> None:
    """Print each promise, and how many of them held."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--made", type=int, default=20)
    parser.add_argument("--release")
    parser.add_argument("--skus", type=int, default=20)
    parser.add_argument("--frequency", default="D", choices=["D", "W", "M"])
    parser.add_argument("--unmet", default="lost", choices=["lost", "backordered"])
    given = parser.parse_args()
    print(_HEAD)
    held = []
    for name, promise in lines(given.release, given.made, given.skus, given.frequency, given.unmet):
        held.append(promise.holds)
        print(f"{name:62} {promise}", flush=True)
    print(f"{sum(held)} of {len(held)} hold")


if __name__ == "__main__":
    main()
