"""Measures raw to gold, checks included, from a cold start: `make bench` (BENCH_PATIENTS=80, ENGINE=duckdb).

Each figure is of a process of its own, so that start-up counts. Floors are measured in the same run: absolute
times say little across machines, ratios to the floors do. Refuses to judge: targets are printed beside the
figures.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import json
import os
import resource
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".bench"
DAY = "2026-01-01"
BASE_PATIENTS = 80
ENGINES = ("duckdb", "spark")

_PR_SET_CHILD_SUBREAPER = 36

TARGETS = {
    "duckdb": ("8 s wall, 11 s CPU, 1,000 MB", "60, and a peak below 1,500 MB"),
    "spark": ("45 s wall", "58"),
}
"""What is to be reached at 46,000 resources, and in microseconds a further resource."""

FLOORS = {
    "reading the bytes": (
        "import sys, pathlib\nfor p in pathlib.Path(sys.argv[1]).rglob('*.json'): p.read_bytes()"
    ),
    "splitting them with msgspec, one process": (
        """
import decimal, hashlib, pathlib, sys
import msgspec
class Entry(msgspec.Struct):
    resource: msgspec.Raw = msgspec.Raw()
class Bundle(msgspec.Struct):
    entry: list[Entry] = []
bundles = msgspec.json.Decoder(Bundle)
resources = msgspec.json.Decoder(float_hook=decimal.Decimal)
encoder = msgspec.json.Encoder(order="deterministic", decimal_format="number")
for path in pathlib.Path(sys.argv[1]).rglob("*.json"):
    for entry in bundles.decode(path.read_bytes()).entry:
        hashlib.sha256(encoder.encode(resources.decode(entry.resource))).hexdigest()
"""
    ),
    "import dagster": "import dagster",
}


@dataclass(frozen=True)
class Figures:
    """A process from start to end: wall and CPU seconds, peak resident memory of it and all below it in
    MB."""

    wall: float
    cpu: float
    peak_mb: float


def adopt_orphans() -> None:
    """Makes this process the parent of those whose own is gone: pyspark doesn't wait for its JVM, whose CPU
    would be counted nowhere."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


def measure(command: list[str], environment: dict[str, str] | None = None) -> Figures:
    """Runs `command` and all that it started to their end; a failure ends the bench with what it printed."""
    adopt_orphans()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 - our own command
        command, env={**os.environ, **(environment or {})}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    peak = [0]
    watcher = threading.Thread(target=_watch, args=(process.pid, peak), daemon=True)
    watcher.start()
    output = process.communicate()[0]
    wall = time.perf_counter() - start
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    watcher.join()
    if process.returncode:
        raise SystemExit(
            f"{command[:3]} failed with {process.returncode}:\n{output.decode(errors='replace')[-4000:]}"
        )
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Figures(wall, cpu, peak[0] / 1024)


def _watch(pid: int, peak: list[int]) -> None:
    """Resident kB of the process and all below it, every 20 ms until it is gone. Shared pages count once a
    process, so that this is an upper bound."""
    while (found := _tree_kb(pid)) > 0:
        peak[0] = max(peak[0], found)
        time.sleep(0.02)


def _tree_kb(pid: int) -> int:
    total, todo = 0, [pid]
    while todo:
        each = todo.pop()
        try:
            status = Path(f"/proc/{each}/status").read_text("utf-8")
            todo += [
                int(child) for child in Path(f"/proc/{each}/task/{each}/children").read_text("utf-8").split()
            ]
        except (FileNotFoundError, ProcessLookupError):
            continue
        lines = [line for line in status.splitlines() if line.startswith("VmRSS")]
        total += int(lines[0].split()[1]) if lines else 0
    return total


def stages(lake: Path) -> list[tuple[str, float]]:
    """Seconds of each step of the lake's only run, from its event log."""
    code = (
        "import json, sys, dagster as dg\n"
        "i = dg.DagsterInstance.from_config(sys.argv[1])\n"
        "r = i.get_runs(limit=1)[0]\n"
        "s = i.get_run_stats(r.run_id)\n"
        "steps = i.get_run_step_stats(r.run_id)\n"
        "out = [[x.step_key, x.end_time - x.start_time] for x in sorted(steps, key=lambda x: x.start_time)]\n"
        "print(json.dumps(out))\n"
    )
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-W", "ignore", "-c", code, str(lake / ".dagster")],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "DAGSTER_HOME": str(lake / ".dagster")},
    )
    return [(name, seconds) for name, seconds in json.loads(done.stdout.splitlines()[-1])]


def resources_in(lake: Path) -> int:
    """Resources in the lake's raw drop, as bronze counted them."""
    done = subprocess.run(  # noqa: S603 - our own command
        [
            _healthlake(),
            "sql",
            "SELECT sum(entries) AS n FROM bronze_file",
            "--format",
            "json",
            "--lake",
            str(lake),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    return int(json.loads(done.stdout)[0]["n"])


def _healthlake() -> str:
    return str(Path(sys.executable).parent / "healthlake")


def drop_of(patients: int) -> Path:
    """A folder with the Bundles of that many Synthea patients, made where it isn't there."""
    drop = CACHE / f"patients-{patients}"
    subprocess.run(  # noqa: S603 - our own script
        [sys.executable, str(ROOT / "bench" / "synthea.py"), "--patients", str(patients), "--out", str(drop)],
        check=True,
    )
    return drop


def land(drop: Path, day: str, lake: Path) -> None:
    """Copies a folder to the lake's drop of a day."""
    subprocess.run(  # noqa: S603 - our own command
        [_healthlake(), "land", str(drop), "--dt", day, "--lake", str(lake)], check=True, capture_output=True
    )


def materialize(day: str, lake: Path, engine: str) -> Figures:
    """Measures the command on one day, from a cold start."""
    command = [_healthlake(), "materialize", "--from", day, "--lake", str(lake)]
    return measure(command, {"HEALTHLAKE_ENGINE": engine})


def bench(patients: int, engine: str) -> tuple[Figures, int]:
    """Prints the figures of one size; returns them with the number of resources."""
    drop = drop_of(patients)
    lake = CACHE / f"lake-{engine}-{patients}"
    shutil.rmtree(lake, ignore_errors=True)
    size = sum(path.stat().st_size for path in drop.rglob("*.json"))
    land(drop, DAY, lake)
    floors = {name: measure([sys.executable, "-c", code, str(drop)]) for name, code in FLOORS.items()}
    figures = materialize(DAY, lake, engine)
    count = resources_in(lake)
    say(f"\n{engine}: {patients} patients, {count:,} resources, {size / 1e6:,.0f} MB of Bundles")
    say(f"{'':<44}{'wall s':>9}{'CPU s':>9}{'peak MB':>9}")
    say_figures("raw to gold with checks, cold start", figures)
    for name, floor in floors.items():
        say_figures(f"floor: {name}", floor)
    say(f"{count / figures.wall:,.0f} resources a second")
    steps = stages(lake)
    for name, seconds in steps:
        say(f"  {name:<42}{seconds:>9.2f}")
    say(f"  {'start-up, planning, events, shut-down':<42}{figures.wall - sum(s for _, s in steps):>9.2f}")
    return figures, count


def say_figures(name: str, figures: Figures) -> None:
    """A row of the table."""
    say(f"{name:<44}{figures.wall:>9.2f}{figures.cpu:>9.2f}{figures.peak_mb:>9.0f}")


def say(line: str) -> None:
    """A line on stdout, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    """Measures one size; a size over the base also measures the base and prints the cost of each further
    resource."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--patients", type=int, default=int(os.environ.get("BENCH_PATIENTS", BASE_PATIENTS)))
    parser.add_argument("--engine", choices=ENGINES, default=os.environ.get("ENGINE", "duckdb"))
    arguments = parser.parse_args()
    CACHE.mkdir(exist_ok=True)
    at_base, further = TARGETS[arguments.engine]
    base = bench(min(arguments.patients, BASE_PATIENTS), arguments.engine)
    say(f"to reach at 46,000 resources: {at_base}")
    if arguments.patients > BASE_PATIENTS:
        more = bench(arguments.patients, arguments.engine)
        cost = (more[0].cpu - base[0].cpu) / (more[1] - base[1]) * 1e6
        say(f"{cost:.1f} microseconds of CPU a further resource; to reach: {further}")


if __name__ == "__main__":
    main()
