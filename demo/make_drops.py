"""Make the demo drops: three days of FHIR Bundles of a small synthetic population, as Synthea writes them.

Synthea runs three times with the same seeds, each time to a later end date and for a few people more. Ids are
drawn from the seeds, so a later run repeats what an earlier one told and goes on from there. That gives each
day new records, records changed under a known id, records sent again as they were, and new patients. A day
holds only the files with news against everything sent before.

It refuses to edit what Synthea wrote (file names and bytes are Synthea's, only gzip is added), and to replace
a folder that holds anything else than drops.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from demo.synthea import Run, SyntheaError, fetch_jars, generate, say, sha256  # noqa: E402

SEED = 9
# People alive on this date have the ages Synthea aims at. It stays the same on all days: another date would
# shift every birth date and with it every id.
REFERENCE = date(2024, 12, 1)
YEARS_OF_HISTORY = 2
# (drop, living patients, Synthea's clock). Records change slowly: half a year passes between two drops.
DAYS = (
    ("dt=2026-01-01", 15, date(2024, 12, 1)),
    ("dt=2026-01-02", 18, date(2025, 6, 1)),
    ("dt=2026-01-03", 20, date(2025, 12, 1)),
)
# These change with every run, whether or not anything happened to the patient.
RESTLESS_TYPES = frozenset({"Provenance"})
RESTLESS_EXTENSIONS = frozenset(
    f"http://synthetichealth.github.io/synthea/{name}-adjusted-life-years"
    for name in ("disability", "quality")
)

Key = tuple[str, str]
Resource = dict[str, Any]

EXAMPLES = """examples:
  python demo/make_drops.py                  make demo/drops again (one to two minutes; needs Java and Maven)
  python demo/make_drops.py --check          make them elsewhere and compare with demo/drops
  python demo/make_drops.py --report         count what demo/drops holds (needs neither)
  python demo/make_drops.py --out /tmp/d     make them in another folder
"""


@dataclass
class DayCount:
    """What one drop holds, against all drops before it."""

    files: int = 0
    size: int = 0
    new: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)
    same: Counter[str] = field(default_factory=Counter)
    dead: int = 0

    def total(self, kind: str) -> int:
        """Resources of one type."""
        return self.new[kind] + self.changed[kind] + self.same[kind]


def main(argv: list[str] | None = None) -> int:
    """Command line; the exit code is 0 when all went well."""
    options = _parser().parse_args(argv)
    try:
        if options.report:
            sys.stdout.write(report(options.out))
            return 0
        if not options.check:
            refuse_strange(options.out)
        with tempfile.TemporaryDirectory(dir=_made(options.cache), prefix="drops-") as scratch:
            fresh = make(Path(scratch), options.cache)
            if options.check:
                return check(fresh, options.out)
            replace(options.out, fresh)
        sys.stdout.write(report(options.out))
    except SyntheaError as error:
        say(f"error: {error}")
        return 1
    return 0


def make(scratch: Path, cache: Path) -> Path:
    """Generate all days under ``scratch``; returns the folder with the ``dt=`` folders."""
    jars = fetch_jars(cache)
    drops, told = scratch / "drops", dict[Key, str]()
    for name, population, end in DAYS:
        say(f"{name}: {population} living patients up to {end}")
        run = Run(population, SEED, REFERENCE, end, YEARS_OF_HISTORY)
        bundles = generate(jars, scratch / f"run-{end}", run)
        sent = send(bundles, drops / name, told)
        say(f"  {sent} of {sum(1 for _ in bundles.iterdir())} files have news")
    return drops


def send(bundles: Path, drop: Path, told: dict[Key, str]) -> int:
    """Gzip the files with news into ``drop`` and note in ``told`` what they say; returns how many went."""
    drop.mkdir(parents=True)
    sent = 0
    for path in sorted(bundles.glob("*.json")):
        data = path.read_bytes()
        facts = {_key(resource): _digest(_settled(resource)) for resource in _resources(data)}
        if all(told.get(key) == digest for key, digest in facts.items() if key[0] not in RESTLESS_TYPES):
            continue
        told.update(facts)
        (drop / f"{path.name}.gz").write_bytes(_gzip(data))
        sent += 1
    return sent


def refuse_strange(out: Path) -> None:
    """Raise when ``out`` holds anything but drops, for making them removes what was there."""
    files = [path.relative_to(out) for path in out.rglob("*") if path.is_file()]
    strange = [path for path in files if not _is_drop_file(path)]
    if strange:
        raise SyntheaError(f"{out} holds {strange[0]}, which is no drop; it stays as it is")


def replace(out: Path, fresh: Path) -> None:
    """Put ``fresh`` in the place of ``out``."""
    if out.exists():
        shutil.rmtree(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(fresh, out)


def check(fresh: Path, out: Path) -> int:
    """Compare two sets of drops by the content of their files; 0 when they are alike.

    The content, not the gzip: other builds of zlib pack the same bytes otherwise.
    """
    ours, theirs = _contents(fresh), _contents(out)
    for name in sorted(ours.keys() | theirs.keys()):
        if ours.get(name) != theirs.get(name):
            where = "differs" if name in ours and name in theirs else "is only in one of them"
            sys.stdout.write(f"{name} {where}\n")
    if ours != theirs:
        return 1
    listing = "".join(f"{digest}  {name}\n" for name, digest in sorted(ours.items()))
    sys.stdout.write(f"{len(ours)} files alike; SHA-256 of their list: {sha256(listing.encode())}\n")
    return 0


def report(out: Path) -> str:
    """Counts of the drops under ``out`` as Markdown tables."""
    days = count(out)
    if not days:
        raise SyntheaError(f"no dt= folders under {out}")
    lines = [
        "| drop | files | KB | resources | new ids | changed | same | new patients | dead patients |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for name, day in days.items():
        sums = [sum(counter.values()) for counter in (day.new, day.changed, day.same)]
        cells = [day.files, day.size // 1000, sum(sums), *sums, day.new["Patient"], day.dead]
        lines.append(f"| {name} | " + " | ".join(f"{cell:,}" for cell in cells) + " |")
    kinds = sorted({kind for day in days.values() for kind in (day.new + day.changed + day.same)})
    lines += ["", "Each cell: resources (new / changed / same).", ""]
    lines += ["| type | " + " | ".join(days) + " |", "|---|" + "--:|" * len(days)]
    for kind in kinds:
        lines.append(f"| {kind} | " + " | ".join(_cell(day, kind) for day in days.values()) + " |")
    return "\n".join(lines) + "\n"


def count(out: Path) -> dict[str, DayCount]:
    """Per drop, how its resources stand to those sent before. A repeated id within a drop counts as known."""
    seen, days = dict[Key, str](), dict[str, DayCount]()
    for folder in sorted(out.glob("dt=*")):
        day = days[folder.name] = DayCount()
        for path in sorted(folder.glob("*.json.gz")):
            day.files += 1
            day.size += path.stat().st_size
            for resource in _resources(gzip.decompress(path.read_bytes())):
                key, digest = _key(resource), _digest(resource)
                counter = day.new if key not in seen else day.same if seen[key] == digest else day.changed
                counter[key[0]] += 1
                seen[key] = digest
                day.dead += key[0] == "Patient" and "deceasedDateTime" in resource
    return days


def _cell(day: DayCount, kind: str) -> str:
    if not day.total(kind):
        return "-"
    return f"{day.total(kind):,} ({day.new[kind]:,} / {day.changed[kind]:,} / {day.same[kind]:,})"


def _resources(data: bytes) -> Iterator[Resource]:
    for entry in json.loads(data)["entry"]:
        yield entry["resource"]


def _key(resource: Resource) -> Key:
    return resource["resourceType"], resource["id"]


def _settled(resource: Resource) -> Resource:
    """The resource without the figures that move on with Synthea's clock alone."""
    if resource["resourceType"] != "Patient":
        return resource
    kept = [item for item in resource.get("extension", ()) if item["url"] not in RESTLESS_EXTENSIONS]
    return {**resource, "extension": kept}


def _digest(resource: Resource) -> str:
    return sha256(json.dumps(resource, sort_keys=True).encode())


def _gzip(data: bytes) -> bytes:
    """Gzip without time and name, which would differ from one run to the next."""
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=packed, mtime=0) as sink:
        sink.write(data)
    return packed.getvalue()


def _contents(drops: Path) -> dict[str, str]:
    paths = sorted(drops.rglob("*.json.gz"))
    return {str(path.relative_to(drops)): sha256(gzip.decompress(path.read_bytes())) for path in paths}


def _is_drop_file(path: Path) -> bool:
    return len(path.parts) == 2 and path.parts[0].startswith("dt=") and path.name.endswith(".json.gz")


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Make the demo drops with Synthea.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--out", type=Path, default=ROOT / "demo" / "drops", help="folder of the drops")
    parser.add_argument(
        "--cache", type=Path, default=ROOT / ".demo", help="folder for the jars and scratch files (.demo)"
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--check", action="store_true", help="compare --out with a fresh run, write nothing there"
    )
    what.add_argument("--report", action="store_true", help="only count what --out holds")
    return parser


if __name__ == "__main__":
    sys.exit(main())
