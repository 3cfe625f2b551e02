"""Check digits of codes as SQL conditions, in the portable subset: no engine needs a function of ours (Athena
could not have one).

A digit's value is its place in a text, `instr('123456789', digit)`, so that permuted values cost no more than
plain ones, and what is no digit counts as 0. A check digit proves that a code was not mistyped, not that it
exists.
"""

from __future__ import annotations

from collections.abc import Sequence

LOINC_FORM = "^[0-9]{1,7}-[0-9]\\\\z"
"""Term codes: digits, dash, digit. Answers (LA…) and parts (LP…) are other schemes."""

SNOMED_FORM = "^[1-9][0-9]{2,14}[01]0[0-9]\\\\z"
"""Concept ids: 6 to 18 digits; the two before the last say that it is a concept's, not a description's."""

NPI_FORM = "^[12][0-9]{9}\\\\z"

_PLAIN = "123456789"
_DOUBLED = "516273849"
"""Twice the digit, its digits summed: 5 counts 1, 1 counts 2, 6 counts 3, …"""

_LOINC_DIGITS = 8
_SNOMED_DIGITS = 18
_NPI_PREFIX = 24
"""What the prefix 80840 adds to the sum of an NPI."""

_PERMUTED = (
    "0123456789",
    "1576283094",
    "5803796142",
    "8916043527",
    "9453126870",
    "4286573901",
    "2793806415",
    "7046913258",
)
"""Verhoeff's permutation of the digits 0 to 9 at each place from the right, modulo 8."""


def loinc_holds(column: str) -> str:
    """Condition: the check digit of a LOINC code of LOINC_FORM is right (mod 10)."""
    places = (0, *range(2, 2 + _LOINC_DIGITS - 1))  # The dash is at 1.
    return f"{_luhn_sum(column, places)} % 10 = 0"


def npi_holds(column: str) -> str:
    """Condition: the check digit of a National Provider Identifier of NPI_FORM is right (Luhn, 80840)."""
    return f"({_luhn_sum(column, range(10))} + {_NPI_PREFIX}) % 10 = 0"


def verhoeff_holds(column: str) -> str:
    """Condition: the check digit of a SNOMED CT identifier of SNOMED_FORM is right (Verhoeff).

    Verhoeff multiplies elements of the dihedral group D5, read from the right. Element v turns by v % 5, and
    from 5 on also mirrors, after which turns count backwards: the product is t0 + m0 * (t1 + m1 * (…)), with
    m = -1 for a mirror. With turns times 3 and a 1 innermost it is 1 modulo 15 only for no turn and no
    mirror. What stands left of a shorter code counts 0, the element that changes nothing.
    """
    product = "1"
    for n in reversed(range(_SNOMED_DIGITS)):
        by_value = "".join(str(_PERMUTED[n % 8].index(str(value))) for value in range(1, 10))
        element = f"instr('{by_value}', {_from_right(column, n, _SNOMED_DIGITS)})"
        product = f"({element} % 5 * 3 + CASE WHEN {element} >= 5 THEN -1 ELSE 1 END * {product})"
    return f"({product} - 1) % 15 = 0"


def _luhn_sum(text: str, places: Sequence[int]) -> str:
    """The sum of the digits at `places` from the right, every second of them doubled."""
    terms = (
        f"instr('{_DOUBLED if n % 2 else _PLAIN}', {_from_right(text, place, places[-1] + 1)})"
        for n, place in enumerate(places)
    )
    return f"({' + '.join(terms)})"


def _from_right(text: str, n: int, longest: int) -> str:
    """The `n`th character from the right, counted from 0; a blank left of the first. `text` has at most
    `longest`."""
    return f"substr(concat('{' ' * (longest - 1)}', {text}), length({text}) + {longest - 1 - n}, 1)"
