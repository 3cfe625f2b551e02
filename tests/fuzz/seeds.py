"""Drops to begin with: the golden cases and pieces of the shared samples, as paths and bytes. Packed files
are unpacked; mutations pack them again."""

from __future__ import annotations

import functools
import gzip
import json
from pathlib import Path

from tests.conftest import REPOSITORY, SHARED

Drop = dict[str, bytes]

SEED_BYTES = 24 * 1024
"""An input of this size is tried in milliseconds."""

_ENTRIES = 6


@functools.cache
def seeds() -> tuple[Drop, ...]:
    """The drops, always in the same order."""
    golden = sorted((REPOSITORY / "tests" / "golden" / "cases").glob("*/dt=*"))
    drops = [_drop(folder) for folder in golden]
    samples = sorted(path for path in (SHARED / "sample_fhir").glob("*/*") if path.is_file())
    drops += [{path.name: _piece(path.read_bytes())} for path in samples]
    return tuple(drop for drop in drops if drop)


def _drop(folder: Path) -> Drop:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    found = {path.relative_to(folder).as_posix(): _unpacked(path.read_bytes()) for path in files}
    return {path: content for path, content in found.items() if len(content) <= SEED_BYTES}


def _unpacked(content: bytes) -> bytes:
    try:
        return gzip.decompress(content)
    except (OSError, EOFError):
        return content


def _piece(content: bytes) -> bytes:
    """The first entries of a Bundle, or the first lines."""
    try:
        bundle = json.loads(content)
    except ValueError:
        return content[: content.rindex(b"\n", 0, SEED_BYTES)]
    small = sorted(bundle["entry"], key=lambda entry: len(json.dumps(entry)))[:_ENTRIES]
    return json.dumps({**bundle, "entry": small}, indent=2).encode()
