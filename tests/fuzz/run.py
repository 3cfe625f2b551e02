"""`make fuzz`: spoilt drops until time is up. Each that breaks a law is kept in `.fuzz/`, to become a test.

Every input has a number of its own that makes it again: SEED=<number> SECONDS=0 tries just that one.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections import Counter
from pathlib import Path

from tests.fuzz.laws import hold_laws
from tests.fuzz.mutations import ENDINGS, FOLDERS, mutated, random_bytes
from tests.fuzz.seeds import Drop, seeds

KEPT = Path(".fuzz")


def made(number: int) -> tuple[Drop, random.Random]:
    """The drop of a number, and the chance with which it is tried."""
    chance, known = random.Random(number), seeds()  # noqa: S311 - made again by its number
    if chance.random() < 0.15:
        return {chance.choice(FOLDERS) + "r" + chance.choice(ENDINGS): random_bytes(chance)}, chance
    return mutated(chance.choice(known), known, chance), chance


def main() -> int:
    seconds, first = float(os.environ.get("SECONDS", "1800")), int(os.environ.get("SEED", "0"))
    began, number, kinds, faults = time.process_time(), first, Counter[str](), 0
    while number == first or time.process_time() - began < seconds:
        drop, chance = made(number)
        try:
            rows = hold_laws(drop, chance)
        except Exception as error:
            faults += 1
            _keep(number, drop)
            print(f"input {number}: {type(error).__name__}: {str(error)[:300]}", flush=True)  # noqa: T201
        else:
            kinds.update(row["kind"] for row in rows["bronze_file"])
            kinds.update(row["reason"] for row in rows["bronze_quarantine"])
        number += 1
    shown = ", ".join(f"{kind} {count:,}" for kind, count in sorted(kinds.items()))
    spent = time.process_time() - began
    print(f"{number - first:,} drops from {first} in {spent:.0f} s of CPU: {faults} faults\n{shown}")  # noqa: T201
    return 1 if faults else 0


def _keep(number: int, drop: Drop) -> None:
    for path, content in drop.items():
        kept = KEPT / str(number) / path.replace("/", "__")
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(content)


if __name__ == "__main__":
    sys.exit(main())
