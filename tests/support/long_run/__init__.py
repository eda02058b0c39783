"""The long run of a plan, by an event loop written from the documents alone (docs/network-model.md): what a plan promises must
be what happens, and what happens is not told by the simulator that made the promise.

`long_run` takes a network and its levels, `long_run_of_plan` a plan, `long_run_of_tables` the tables of a release."""

from support.long_run.promise import promise_of, published_promise
from support.long_run.result import LongRun, long_run, long_run_of_plan
from support.long_run.tables import Published, long_run_of_tables, network_of_tables

__all__ = [
    "LongRun",
    "Published",
    "long_run",
    "long_run_of_plan",
    "long_run_of_tables",
    "network_of_tables",
    "promise_of",
    "published_promise",
]
