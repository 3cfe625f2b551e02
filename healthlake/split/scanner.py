"""Finds where JSON values begin and end, without building them: for documents that a decoder refuses as a whole.

Linear in the length of the text and iterative, so that no input makes it slow or overflows the stack. It holds the
structure to the letter (brackets, commas, colons) and lets pass what a decoder will judge value by value: escapes,
control characters and bytes inside strings, the spelling of numbers and literals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

SPACE = b" \t\r\n"
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_SCALAR = rb"(?:" + _STRING + rb'|[^\s{}\[\],:"]++)'
_GAP = rb"[ \t\r\n]*+"
_SPACE = re.compile(_GAP)
_PLAIN = re.compile(_SCALAR, re.DOTALL)
_NAME = re.compile(_GAP + rb"(" + _STRING + rb")" + _GAP + rb":", re.DOTALL)
# Most members of a resource have a string or another scalar as value; this passes a run of them in one step.
_PLAIN_MEMBERS = re.compile(
    rb"(?:" + _GAP + _STRING + _GAP + rb":" + _GAP + _SCALAR + _GAP + rb",)*+", re.DOTALL
)
_CLOSERS = {b"{": ord("}"), b"[": ord("]")}


class Malformed(Exception):
    """The text isn't JSON from `position` on; at its end where it stops too early."""

    def __init__(self, position: int) -> None:
        super().__init__("malformed JSON")
        self.position = position


class Scanner:
    """A position in a text that moves over values."""

    def __init__(self, text: bytes, position: int = 0) -> None:
        self.text = text
        self.position = position

    def skip_space(self) -> int:
        """Moves to the next character that isn't white space; the end of the text where there is none."""
        self.position = _end(_SPACE, self.text, self.position)
        return self.position

    def peek(self) -> bytes:
        """The next character that isn't white space; empty at the end of the text."""
        start = self.skip_space()
        return self.text[start : start + 1]

    def accept(self, character: bytes) -> bool:
        """Moves past the next character if it is this one."""
        found = self.peek() == character
        self.position += found
        return found

    def require(self, character: bytes) -> None:
        """Moves past the next character; `Malformed` if it is another one."""
        if not self.accept(character):
            raise Malformed(self.position)

    def skip(self) -> None:
        """Moves past one value."""
        closers, may_close = bytearray(), False
        while True:
            if closers and closers[-1] == ord("}") and not (may_close and self.peek() == b"}"):
                self.position = _end(_PLAIN_MEMBERS, self.text, self.position)
                self._name()
                may_close = False
            character = self.peek()
            if character in _CLOSERS:
                closers.append(_CLOSERS[character])
                self.position += 1
                may_close = True
                continue
            if not (may_close and character and ord(character) == closers[-1]):
                self._plain()
            if not self._close(closers):
                return
            may_close = False

    def members(self) -> Iterator[bytes]:
        """The name (as written, in quotes) of each member of an object. The caller moves past its value."""
        self.require(b"{")
        if self.accept(b"}"):
            return
        yield self._name()
        while not self.accept(b"}"):
            self.require(b",")
            yield self._name()

    def _close(self, closers: bytearray) -> bool:
        """Moves past the brackets that end with a value and the comma after them; False where it was the last."""
        while closers:
            if self.accept(b","):
                return True
            self.require(bytes((closers.pop(),)))
        return False

    def _plain(self) -> None:
        if match := _PLAIN.match(self.text, self.skip_space()):
            self.position = match.end()
        elif self.peek() == b'"':
            raise Malformed(len(self.text))
        else:
            raise Malformed(self.position)

    def _name(self) -> bytes:
        if match := _NAME.match(self.text, self.position):
            self.position = match.end()
            return match[1]
        start = self.skip_space()
        if self.peek() not in (b'"', b""):
            raise Malformed(start)
        self._plain()
        name = self.text[start : self.position]
        self.require(b":")
        return name


def _end(pattern: re.Pattern[bytes], text: bytes, position: int) -> int:
    """Where a pattern that can match nothing ends."""
    match = pattern.match(text, position)
    return match.end() if match else position
