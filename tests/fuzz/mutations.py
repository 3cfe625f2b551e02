"""Ways to spoil a file: in its bytes, in its lines, in its JSON values, in its packing, in its name."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable
from typing import Any

from tests.fuzz.seeds import Drop

ENDINGS = (".json", ".ndjson", ".jsonl", ".json.gz", ".ndjson.gz", ".NDJSON", ".xml", "")
FOLDERS = ("", "deleted/", "error/", "a/", "a/deleted/")

TOKENS: tuple[bytes, ...] = (
    *(bytes([byte]) for byte in b'{}[],:"\\\n\r\t 0-e.\x00\x1f\x7f\x80\xff'),
    *b"null true NaN -Infinity 1e999 -0 00 1E+99999999999999999999".split(),
    *rb"\u0000 \ud800 \ud83d\ude00 \u003a \\ ".split(),
    *(b"9" * 4400, b"[" * 500, b'{"a":' * 450, b"\n\n", b"\r\n", b"}{", b"},{", b"]}"),
    *(b"\xef\xbb\xbf", b"\xc3\x28", b"\xed\xa0\x80", b"\x1f\x8b", b"\x1f\x8b\x08\x00"),
    *b'"entry" "entry":[ "resource":{ {"fullUrl":"urn:x","resource": {"resource": "id":"x" "id":""'.split(),
    *b'"resourceType":"Bundle" "resourceType":"Patient" "resourceType":1 "timestamp":"2026-01-01"'.split(),
    *b'{"request":{"method":"DELETE","url":"Patient/1"}} "output":[{"url":"a/1.ndjson"}]'.split(),
    *b'{"transactionTime":"2026-01-01T00:00:00Z","output":[ "deleted": "error": "count":'.split(),
)

VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 1.5, 10**30, "", " ", "x", "\ud800", "\U0001f600", "2026-01-01T00:00:00Z", "never"),
    *([], {}, [[]], [None], {"": None}, {"resourceType": "Bundle", "entry": []}, {"resourceType": "Patient"}),
    *("Bundle", "DELETE", "Patient/1", "Patient?x=1", "urn:uuid:1", "a/b.ndjson?c", 2**31, 2**63, 2**64),
)


def mutated(drop: Drop, others: tuple[Drop, ...], chance: random.Random) -> Drop:
    """A drop with some of its files spoilt, left out, doubled, renamed or packed. `others` lend parts."""
    made: Drop = {}
    for path, content in drop.items():
        if len(drop) > 1 and chance.random() < 0.1:
            continue
        lender = chance.choice(list(chance.choice(others).values()))
        for _ in range(chance.choice((0, 1, 1, 1, 2, 3, 6))):
            content = chance.choice(_MUTATIONS)(content, lender, chance)
        if chance.random() < 0.1:
            path = _name(path, chance)
        if path.lower().endswith(".gz") or chance.random() < 0.05:
            content = _packed(content, chance)
        made[path] = content
    if made and chance.random() < 0.1:
        made[_name("again", chance)] = chance.choice(list(made.values()))
    return made


def random_bytes(chance: random.Random) -> bytes:
    """No mutation of anything: tokens and bytes."""
    return b"".join(
        chance.choice(TOKENS) if chance.random() < 0.7 else chance.randbytes(chance.randrange(8))
        for _ in range(chance.randrange(40))
    )


def _name(path: str, chance: random.Random) -> str:
    stem = path.rsplit("/", 1)[-1].split(".")[0]
    return chance.choice(FOLDERS) + stem + chance.choice(ENDINGS)


def _packed(content: bytes, chance: random.Random) -> bytes:
    packed = gzip.compress(content, mtime=0)
    damage = chance.randrange(12)
    if damage == 0:
        return packed[: chance.randrange(len(packed) + 1)]
    if damage == 1:
        return _spoilt_bytes(packed, b"", chance)
    if damage == 2:
        middle = chance.randrange(len(content) + 1)
        parts = (content[:middle], content[middle:])
        return b"".join(gzip.compress(part, mtime=0) for part in parts) + b"\0" * chance.randrange(3)
    return packed


def _spoilt_bytes(content: bytes, lender: bytes, chance: random.Random) -> bytes:
    """One place: a byte changed, something put in, left out, doubled or put elsewhere; or the end cut off."""
    place = chance.randrange(len(content) + 1)
    length = min(chance.choice((1, 1, 2, 8, 60, 500, 4000)), len(content) - place)
    part, rest = content[place : place + length], content[place + length :]
    before = content[:place]
    kind = chance.randrange(8)
    if kind == 0:
        return before + bytes([chance.randrange(256)]) + content[place + 1 :]
    if kind <= 2:
        return before + chance.choice(TOKENS) + content[place:]
    if kind == 3:
        return before + chance.choice(TOKENS) + rest
    if kind == 4:
        return before + rest
    if kind == 5:
        return before + part * chance.choice((2, 2, 3, 50)) + rest
    if kind == 6:
        start = chance.randrange(len(lender) + 1)
        return before + lender[start : start + 400] + content[place:]
    return before


def _spoilt_lines(content: bytes, lender: bytes, chance: random.Random) -> bytes:
    lines = content.split(b"\n")
    kind = chance.randrange(6)
    if kind == 0:
        chance.shuffle(lines)
    elif kind == 1:
        lines.insert(chance.randrange(len(lines) + 1), chance.choice(lines))
    elif kind == 2:
        lines.insert(
            chance.randrange(len(lines) + 1), chance.choice((b"", b" ", b"5", b"{", chance.choice(TOKENS)))
        )
    elif kind == 3:
        lines.insert(chance.randrange(len(lines) + 1), chance.choice(lender.split(b"\n")))
    elif kind == 4:
        return chance.choice((b"\r\n", b"\n\n", b"\r", b" ", b"")).join(lines)
    else:
        del lines[chance.randrange(len(lines))]
    return b"\n".join(lines)


def _spoilt_values(content: bytes, lender: bytes, chance: random.Random) -> bytes:
    """Of the document, or of one line of several: a value changed, left out, doubled or wrapped."""
    try:
        return _dumped(_spoilt(json.loads(content), chance), chance)
    except (ValueError, RecursionError):
        pass
    lines = content.split(b"\n")
    place = chance.randrange(len(lines))
    try:
        lines[place] = _dumped(_spoilt(json.loads(lines[place]), chance), chance)
    except (ValueError, RecursionError):
        return _spoilt_bytes(content, lender, chance)
    return b"\n".join(lines)


def _dumped(value: Any, chance: random.Random) -> bytes:
    text = json.dumps(value, indent=chance.choice((None, None, 0, 2)), ensure_ascii=chance.random() < 0.5)
    return text.encode("utf-8", "surrogatepass")


def _spoilt(value: Any, chance: random.Random) -> Any:
    """A way down to some node of the value, which is replaced, removed, doubled or wrapped."""
    if not isinstance(value, (dict, list)) or not value or chance.random() < 0.15:
        return chance.choice((chance.choice(VALUES), [value], {"resource": value}, [value, value]))
    if isinstance(value, list):
        place = chance.randrange(len(value))
        kind = chance.randrange(6)
        if kind == 0:
            return value[:place] + value[place + 1 :]
        if kind == 1:
            return [*value, value[place]]
        return [*value[:place], _spoilt(value[place], chance), *value[place + 1 :]]
    name = chance.choice(list(value))
    kind = chance.randrange(8)
    if kind == 0:
        return {other: inner for other, inner in value.items() if other != name}
    if kind == 1:
        return {**value, chance.choice(("resourceType", "id", "entry", "meta", "fullUrl", "x")): value[name]}
    if kind == 2:
        return dict(chance.sample(list(value.items()), len(value)))
    return {**value, name: _spoilt(value[name], chance)}


_MUTATIONS: tuple[Callable[[bytes, bytes, random.Random], bytes], ...] = (
    _spoilt_bytes,
    _spoilt_bytes,
    _spoilt_lines,
    _spoilt_values,
    _spoilt_values,
)
