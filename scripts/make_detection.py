"""Puts defects into the demo's drops, counts which are found, and writes docs/detection.md.

    python -m scripts.make_detection

`tests/injector` has the kinds and the measurement; a test runs most of it again.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.injector.measure import measure
from tests.injector.page import page

PAGE = Path(__file__).resolve().parents[1] / "docs" / "detection.md"


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        measured = measure(Path(folder))
    PAGE.write_text(page(measured), "utf-8")
    missed = [d.kind.name for d in measured.detections if d.kind.structural and d.found < d.injected]
    if missed:
        sys.stderr.write(f"not all found of the structural kinds {', '.join(missed)}\n")
    sys.stdout.write(f"{len(measured.detections)} kinds of defects; see {PAGE}\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
