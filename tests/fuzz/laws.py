"""What holds of the rows of any drop, whatever its bytes."""

from __future__ import annotations

import contextlib
import gzip
import itertools
import json
import random
import re
import signal
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import Any

from healthlake.split.lines import BOM
from healthlake.split.record import MAX_DEPTH
from healthlake.split.scanner import SPACE
from tests.fuzz.seeds import Drop
from tests.split.drops import DELETION, FILE, QUARANTINE, Rows, assert_conserved, file, resources, split
from tests.split.test_pieces import ordered, split_in_pieces

_RESERVED_FLAGS = 0xE0

LIMIT_SECONDS = 10
"""CPU that any one input may take; most take milliseconds."""


def hold_laws(drop: Drop, chance: random.Random) -> Rows:
    """Raises where a law doesn't hold: an AssertionError, what the splitter raised, or a TimeoutError."""
    with _limited(LIMIT_SECONDS):
        rows = split(drop)
        assert_conserved(rows)
        for row in rows[FILE]:
            _hold_for_file(row, drop[row["path"]], rows)
        turned = split(dict(reversed(drop.items())), batch_bytes=chance.choice((1, 5_000, 10**9)))
        assert ordered(turned) == ordered(rows), (
            "the order of files or the size of batches makes a difference"
        )
        pieces, _ = split_in_pieces(
            [file(*item) for item in drop.items()], chance.choice((1, 50, 700, 9_000)), chance
        )
        assert ordered(pieces) == ordered(rows), "pieces give other rows than the whole"
    return rows


def _hold_for_file(row: dict[str, Any], lying: bytes, rows: Rows) -> None:
    if row["is_repeat"]:
        return
    of_file = {
        table: [each for each in found if each["file_id"] == row["file_id"]] for table, found in rows.items()
    }
    spans = sorted((each["byte_offset"], each["byte_length"]) for each in of_file[QUARANTINE])
    for start, length in spans:
        assert 0 <= start <= start + length <= row["content_bytes"], "a fault lies outside of its file"
    if row["kind"] != "manifest":
        for (start, length), (following, _) in itertools.pairwise(spans):
            assert start + length <= following, "two faults share bytes"
    content = _content(lying)
    if content is None or row["kind"] == "manifest":
        return
    assert row["content_bytes"] == len(content)
    text = content.removeprefix(BOM)
    if text.strip(SPACE):
        assert row["entries"] or row["kind"] in ("bundle", "ndjson"), "bytes are lost without a row"
    found = [*resources(of_file), *of_file[DELETION], *of_file[QUARANTINE]]
    if row["kind"] == "ndjson":
        for number, line in enumerate(text.split(b"\n"), 1):
            _hold_for_document(line, [each for each in found if each["line"] == number])
    elif row["kind"] in ("bundle", "resource"):
        _hold_for_document(text, found)


def _hold_for_document(text: bytes, found: Sequence[dict[str, Any]]) -> None:
    """`found` are its rows: one for each of its entries, as Python's own decoder finds them, with every
    record in it kept as it is; at least one where it is no JSON."""
    if not text.strip(SPACE):
        assert not found, "a blank line has rows"
        return
    names: list[list[str]] = []

    def note(members: list[tuple[str, Any]]) -> dict[str, Any]:
        names.append([name for name, _ in members])
        return dict(members)

    try:
        value = json.loads(text.decode(), object_pairs_hook=note, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        assert found or _is_bundles(text), "text that is no JSON has no row"
        return
    if any(len(set(each)) < len(each) for each in names):
        assert found, "text with a member twice has no row"
        return
    is_bundle = isinstance(value, dict) and value.get("resourceType") == "Bundle"
    entries = value.get("entry") if is_bundle else [value]
    # Entries in a list among the entries are saved one by one, and members of the Bundle may be set aside.
    expected = len(entries) if isinstance(entries, list) else entries is not None
    assert len(found) >= expected, "there are fewer rows than entries"
    if _UNUSUAL.search(text) or text.count(b"{") + text.count(b"[") > MAX_DEPTH:
        return
    for record in _records(json.loads(text), is_bundle):
        assert any(record == json.loads(each.get("resource", "null")) for each in found), "a record is lost"


def _is_bundles(text: bytes) -> bool:
    """Whether it is several Bundles one after the other, as a file may be; those may be empty."""
    decoder, rest = json.JSONDecoder(), text.decode("utf-8", "surrogateescape").strip()
    while rest:
        try:
            value, end = decoder.raw_decode(rest)
        except (ValueError, RecursionError):
            return False
        if not isinstance(value, dict) or value.get("resourceType") != "Bundle":
            return False
        rest = rest[end:].strip()
    return True


_UNUSUAL = re.compile(rb"\\u[dD]|NaN|Infinity|\d{300}|[eE][+-]?\d{3}|DELETE|\[\s*\[")
"""Where the two decoders may differ, or an entry isn't taken for its resource alone."""


def _records(value: Any, is_bundle: bool) -> Iterator[dict[str, Any]]:
    """The resources with type and id; of a Bundle those of its entries."""
    values = [value]
    if is_bundle:
        entries = value.get("entry")
        listed = entries if isinstance(entries, list) else []
        values = [each.get("resource") for each in listed if isinstance(each, dict)]
    for each in values:
        if isinstance(each, dict):
            named = (each.get("resourceType"), each.get("id"))
            if all(isinstance(name, str) and name for name in named):
                yield each


def _content(lying: bytes) -> bytes | None:
    """The uncompressed content; None where it is damaged. Reserved flags must be 0 (RFC 1952): zlib, which
    the splitter asks, holds to that, and Python's gzip doesn't."""
    if not lying.startswith(b"\x1f\x8b"):
        return lying
    if lying[3:4] and lying[3] & _RESERVED_FLAGS:
        return None
    try:
        return gzip.decompress(lying)
    except Exception:
        return None


@contextlib.contextmanager
def _limited(seconds: int) -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"an input takes more than {seconds} s of CPU")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
