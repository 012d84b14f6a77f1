"""`make bench`: run every benchmark here and print one table. Numbers to look at, never asserted."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import tests.benchmarks


def main(wanted: list[str]) -> None:
    """Run the benchmarks whose names hold one of `wanted`; all of them where it is empty."""
    print(f"{'what':58} {'value':>10}  unit")
    for module in pkgutil.iter_modules(tests.benchmarks.__path__):
        if not module.name.startswith("bench_") or (wanted and not any(word in module.name for word in wanted)):
            continue
        for what, value, unit in importlib.import_module(f"tests.benchmarks.{module.name}").run():
            print(f"{what:58} {value:10.3g}  {unit}", flush=True)


main(sys.argv[1:])
