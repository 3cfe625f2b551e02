"""Finds where JSON values begin and end, without building them: for documents that a decoder refuses as a
whole.

Linear in the length of the text and iterative, so that no input makes it slow or overflows the stack. It
holds the structure to the letter (brackets, commas, colons) and lets pass what a decoder judges value by
value: escapes, control characters and bytes inside strings, the spelling of numbers and literals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NoReturn

import msgspec

SPACE = b" \t\r\n"

_decode_text = msgspec.json.Decoder(str).decode

# Possessive, so that nothing is tried twice.
_GAP = rb"[ \t\r\n]*+"
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_SCALAR = rb"(?:" + _STRING + rb'|[^\s{}\[\],:"]++)'
_NAME = _GAP + _STRING + _GAP + rb":" + _GAP
_VALUE = rb"(?:" + _SCALAR + rb"|([{\[]))"


def _compiled(pattern: bytes) -> re.Pattern[bytes]:
    return re.compile(pattern, re.DOTALL)


_SPACE = _compiled(_GAP)
_PLAIN_VALUE = _compiled(_SCALAR)
_ANY_VALUE = _compiled(_GAP + _VALUE)
_MEMBER_NAME = _compiled(_GAP + rb"(" + _STRING + rb")" + _GAP + rb":")
_PUNCTUATION = _compiled(_GAP + rb"([,}\]])")
# Most values are scalars: these pass a run of them in one step. Group 1 is the bracket that it stops at.
_MEMBER_RUN = rb"(?:" + _NAME + _SCALAR + _GAP + rb",)*+"
_ELEMENT_RUN = rb"(?:" + _GAP + _SCALAR + _GAP + rb",)*+"
_RUNS = {ord("}"): _compiled(_MEMBER_RUN), ord("]"): _compiled(_ELEMENT_RUN)}
_TO_BRACKET = {
    ord("}"): _compiled(_MEMBER_RUN + _NAME + _VALUE),
    ord("]"): _compiled(_ELEMENT_RUN + _GAP + _VALUE),
}
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
        if match := _SPACE.match(self.text, self.position):
            self.position = match.end()
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

    def members(self) -> Iterator[str]:
        """The name of each member of an object (as it is written where that is no string). The caller
        moves past its value before it asks for the next."""
        self.require(b"{")
        if self.accept(b"}"):
            return
        yield self._name()
        yield from self.more_members()

    def more_members(self) -> Iterator[str]:
        """As `members`, from after the value of one on."""
        while not self.accept(b"}"):
            self.require(b",")
            yield self._name()

    def skip(self) -> None:
        """Moves past one value."""
        closers = bytearray()
        if (match := _ANY_VALUE.match(self.text, self.position)) is None:
            self._fail()
        is_opened = self._enter(match, closers)
        while closers:
            punctuation = _PUNCTUATION.match(self.text, self.position)
            if punctuation and punctuation[1] != b",":
                if ord(punctuation[1]) != closers.pop():
                    raise Malformed(punctuation.start(1))
                self.position, is_opened = punctuation.end(), False
                continue
            if bool(punctuation) == is_opened:
                raise Malformed(self.skip_space())
            if punctuation:
                self.position = punctuation.end()
            if (match := _TO_BRACKET[closers[-1]].match(self.text, self.position)) is None:
                self._fail_in(closers[-1])
            is_opened = self._enter(match, closers)

    def _enter(self, match: re.Match[bytes], closers: bytearray) -> bool:
        """Moves past what is matched; where that ends with a bracket, notes what closes it."""
        self.position = match.end()
        if match[1]:
            closers.append(_CLOSERS[match[1]])
        return match[1] is not None

    def _name(self) -> str:
        if match := _MEMBER_NAME.match(self.text, self.position):
            self.position = match.end()
            name = read_text(match[1])
            return str(match[1], "utf-8", "backslashreplace") if name is None else name
        if self.peek() != b'"' or (match := _PLAIN_VALUE.match(self.text, self.position)) is None:
            self._fail()
        self.position = match.end()
        raise Malformed(self.skip_space())

    def _fail_in(self, closer: int) -> NoReturn:
        """Finds the place after a bracket or comma where no member or element follows."""
        if match := _RUNS[closer].match(self.text, self.position):
            self.position = match.end()
        if closer == ord("}"):
            self._name()
        self._fail()

    def _fail(self) -> NoReturn:
        """A value is expected here and is none. A string that isn't closed reaches to the end."""
        raise Malformed(len(self.text) if self.peek() == b'"' else self.position)


def read_text(written: bytes | None) -> str | None:
    """The string that is written as JSON; None where it is none."""
    try:
        return None if written is None else _decode_text(written)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
