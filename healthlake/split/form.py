"""What a file is: one JSON document or NDJSON. Content decides; where that says nothing, the ending of the
name does."""

from __future__ import annotations

import enum
import re

from healthlake.split.lines import Line
from healthlake.split.scanner import SPACE, Malformed, Scanner

_ENDING = re.compile(r"\.(json|ndjson|jsonl)(?:\.gz)?$", re.IGNORECASE)


class Form(enum.IntEnum):
    """What the name of a file says of its content. Files are read in this order: of two paths with one
    content, the one whose name says more comes first."""

    DOCUMENT = 0
    LINES = 1
    UNKNOWN = 2


def form_of(path: str) -> Form:
    """What the ending of a file's name says, in upper or lower case, with or without `.gz`."""
    ending = _ENDING.search(path)
    if ending is None:
        return Form.UNKNOWN
    return Form.DOCUMENT if ending[1].lower() == "json" else Form.LINES


def is_lines(first: Line, second: Line | None, form: Form) -> bool:
    """Whether a file is NDJSON, told by its first two lines that aren't blank.

    One of them is a whole object, as none is in a pretty-printed document, or the name says so and the first
    isn't broken like one. Either line may be a broken record. A line that is too long says nothing.
    """
    if second is None:
        return form is Form.LINES
    if _is_whole_object(first.text):
        return True
    end = first.text.rstrip(SPACE)[-1:]
    if form is Form.LINES:
        return end not in (b"{", b"[", b",", b":") or second.text.startswith(b"{")
    # After one of these, an object on a line of its own may be a value of a document with odd line breaks.
    return _is_whole_object(second.text) and end not in (b"[", b",", b":")


def _is_whole_object(text: bytes) -> bool:
    scanner = Scanner(text)
    try:
        scanner.skip()
    except Malformed:
        return False
    return text.startswith(b"{") and scanner.skip_space() == len(text)
