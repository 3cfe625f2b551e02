"""Make bench data: a folder of plain Synthea Bundles, one per patient, of a population of a given size.

Seen with two cores: 80 patients are 51,240 resources in 110 MB after 35 s, 800 are 770,478 in 1.66 GB after
220 s (the larger population has more people with long histories); Java took 5.9 GB of memory at its peak.

It refuses to mix populations: a folder made with other parameters, or with none it knows of, stays as it is.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from dataclasses import asdict
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from demo.synthea import VERSION, Run, SyntheaError, fetch_jars, generate, is_patient_file, say  # noqa: E402

SEED = 42
CLOCK = date(2026, 1, 1)
YEARS_OF_HISTORY = 5
# The widest type by far, and 43 % of the bytes when all are there. Synthea 3.3.0 heeds this for encounters
# only: the ones of prescriptions (about 2,000 for 80 patients) stay in the data.
PROPERTIES = {"exporter.fhir.excluded_resources": "ExplanationOfBenefit"}
# No `.json` at its end: a glob for the Bundles must not find it.
MARKER = ".complete"

EXAMPLES = """examples:
  python bench/synthea.py --patients 80 --out .bench/patients-80
  python bench/synthea.py --patients 800 --out .bench/patients-800
"""


def make_bundles(patients: int, out: Path, cache: Path = ROOT / ".demo") -> Path:
    """Fill ``out`` with the Bundles of ``patients`` living patients and the dead among them.

    Does nothing when ``out`` is already whole for the same parameters. Returns ``out``.
    """
    run = Run(patients, SEED, CLOCK, CLOCK, YEARS_OF_HISTORY, properties=PROPERTIES)
    stamp = json.dumps({"synthea": VERSION, **asdict(run)}, default=str, sort_keys=True)
    marker = out / MARKER
    if marker.is_file():
        if marker.read_text(encoding="utf-8") == stamp:
            return out
        raise SyntheaError(f"{out} was made with other parameters; remove it or give another folder")
    if out.exists() and any(out.iterdir()):
        raise SyntheaError(f"{out} is not empty and has no {MARKER}; remove it or give another folder")
    jars = fetch_jars(cache)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f"{out.name}.part-") as scratch:
        bundles = generate(jars, Path(scratch, "run"), run)
        (bundles / MARKER).write_text(stamp, encoding="utf-8")
        if out.exists():
            out.rmdir()
        shutil.move(bundles, out)
    return out


def measure(folder: Path) -> str:
    """One line on what the folder holds."""
    files = sorted(folder.glob("*.json"))
    size = sum(path.stat().st_size for path in files)
    resources = sum(len(json.loads(path.read_bytes())["entry"]) for path in files)
    people = sum(map(is_patient_file, files))
    return f"{people} patients (dead too), {len(files)} files, {size / 1e6:.1f} MB, {resources:,} resources"


def main(argv: list[str] | None = None) -> int:
    """Command line; the exit code is 0 when the folder is whole."""
    parser = argparse.ArgumentParser(
        description="Make bench data with Synthea.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--patients", type=int, default=80, help="living patients (80)")
    parser.add_argument("--out", type=Path, required=True, help="folder of the Bundles")
    parser.add_argument("--cache", type=Path, default=ROOT / ".demo", help="folder for the jars (.demo)")
    options = parser.parse_args(argv)
    started = time.monotonic()
    try:
        folder = make_bundles(options.patients, options.out.resolve(), options.cache.resolve())
    except SyntheaError as error:
        say(f"error: {error}")
        return 1
    say(f"{folder}: whole after {time.monotonic() - started:.0f} s")
    sys.stdout.write(measure(folder) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
