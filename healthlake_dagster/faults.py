"""Says what failed without saying what a record holds.

An exception that isn't ours may quote a value or a file name in its message (a decoder shows the text, `open`
the path, and Synthea's paths hold patients' names), so its message goes nowhere (DESIGN law 7). Its class and
the lines of code that it came through hold no value and are enough to find it: they are told instead.
"""

from __future__ import annotations

import traceback
from pathlib import Path

from healthlake.storage_faults import storage_fault

_CODE = Path(__file__).resolve().parent.parent
_PACKAGES = ("healthlake", "healthlake_dagster")
_PLACES = 6


def withheld(error: BaseException) -> str:
    """One line for an exception that nobody expected: its class, the innermost line and our lines that led
    there."""
    if fault := storage_fault(error):
        return fault
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if _is_ours(frame.filename)]
    places = [_place(frame) for frame in ours[-_PLACES:]]
    if frames and frames[-1] not in ours:
        places.append(_place(frames[-1]))
    return (
        f"unexpected {type(error).__name__} at {' > '.join(places) or 'an unknown place'}; its message is"
        " withheld because it may quote values. This is a fault of healthlake: please report this line."
    )


def _is_ours(file: str) -> bool:
    path = Path(file)
    return any(path.is_relative_to(_CODE / package) for package in _PACKAGES)


def _place(frame: traceback.FrameSummary) -> str:
    path = Path(frame.filename)
    short = path.relative_to(_CODE) if _is_ours(frame.filename) else Path(*path.parts[-2:])
    return f"{short}:{frame.lineno} {frame.name}"
