"""Tells a full disk and a read-only lake from faults of ours, whichever library met them."""

from __future__ import annotations

from collections.abc import Mapping

_SAID: Mapping[str, str] = {
    "no space left on device": "the disk is full",
    "database or disk is full": "the disk is full",
    "disk i/o error": "the disk is full, or broken",
    "disk quota exceeded": "the disk quota is used up",
    "read-only file system": "the file system is read-only",
    "attempt to write a readonly database": "the file system is read-only",
    "permission denied": "the permission to write is missing",
    "unable to open database file": "the lake's folder can't be written",
}
"""What the operating system, SQLite and DuckDB say, in lower case, and what it means."""


def storage_fault(error: BaseException) -> str | None:
    """A sentence on what is wrong with the lake's storage and what to do; None where it is something else.

    The exception's own words are looked at and never told: they may quote a path or a value.
    """
    seen: BaseException | None = error
    while seen is not None:
        words = str(seen).lower()
        for said, meaning in _SAID.items():
            if said in words:
                return (
                    f"writing to the lake failed: {meaning}. What was published before stays, and nothing"
                    " half was published. Mend that (see `df` and `mount` for the lake's file system),"
                    " then run the command again."
                )
        seen = seen.__cause__ or seen.__context__
    return None
