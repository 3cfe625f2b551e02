"""The SQL conditions on check digits against a plain reading of each scheme."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import duckdb
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from healthlake.checks.check_digits import (
    LOINC_FORM,
    NPI_FORM,
    SNOMED_FORM,
    loinc_holds,
    npi_holds,
    verhoeff_holds,
)
from healthlake.engine.dialect import to_duckdb

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

FORMS = {"loinc": LOINC_FORM, "snomed": SNOMED_FORM, "npi": NPI_FORM}
HOLD = {"loinc": loinc_holds("c"), "snomed": verhoeff_holds("c"), "npi": npi_holds("c")}

KNOWN = {
    # Codes that are in use, and the NPI that CMS gives as its example.
    "loinc": ["29463-7", "8480-6", "2345-7", "4548-4", "718-7", "1-8", "94500-6"],
    "snomed": ["22298006", "185349003", "73211009", "900000000000207008", "138875005"],
    "npi": ["1234567893"],
}
CODES = st.one_of(
    st.from_regex(r"[0-9]{1,7}-[0-9]", fullmatch=True),
    st.from_regex(r"[1-9][0-9]{2,14}[01]0[0-9]", fullmatch=True),
    st.from_regex(r"[12][0-9]{9}", fullmatch=True),
    st.text(alphabet="0123456789-AL \n\u0662é", max_size=20),
)


def luhn(digits: str) -> bool:
    total = 0
    for n, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + n % 2)
        total += value // 10 + value % 10
    return total % 10 == 0


def times(left: int, right: int) -> int:
    """The group of the turns (0 to 4) and mirrors (5 to 9) of a pentagon, by what they do to its corners."""
    corners = [(lambda x, v=v: (v + x) % 5 if v < 5 else (v - x) % 5) for v in range(10)]
    both = [corners[left](corners[right](x)) for x in range(5)]
    return next(v for v in range(10) if [corners[v](x) for x in range(5)] == both)


def verhoeff(digits: str) -> bool:
    step = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
    product = 0
    for n, digit in enumerate(reversed(digits)):
        value = int(digit)
        for _ in range(n % 8):
            value = step[value]
        product = times(product, value)
    return product == 0


PLAIN: dict[str, Callable[[str], bool]] = {
    "loinc": lambda code: luhn(code.replace("-", "")),
    "snomed": verhoeff,
    "npi": lambda code: luhn(f"80840{code}"),
}


def expected(scheme: str, code: str) -> bool:
    pattern = FORMS[scheme].replace("\\\\z", r"\Z")
    return re.fullmatch(pattern, code, re.ASCII) is not None and PLAIN[scheme](code)


def query(given_codes: str) -> str:
    """A row per code: whether it is one of each scheme."""
    holds = ", ".join(f"c RLIKE '{FORMS[scheme]}' AND {HOLD[scheme]} AS {scheme}" for scheme in FORMS)
    return f"SELECT c, {holds} FROM {given_codes}"


def ask_duckdb(codes: list[str]) -> list[tuple[str, bool, bool, bool]]:
    connection = duckdb.connect()
    connection.execute("CREATE TEMP TABLE codes AS SELECT unnest(CAST(? AS VARCHAR[])) AS c", [codes])
    return connection.execute(to_duckdb(query("codes"))).fetchall()


@pytest.mark.parametrize("scheme", FORMS)
def test_a_known_code_holds_and_each_of_its_mistypings_does_not(scheme: str) -> None:
    at = 1 + list(FORMS).index(scheme)
    assert [row[at] for row in ask_duckdb(KNOWN[scheme])] == [True] * len(KNOWN[scheme])
    wrong = [
        code[:n] + digit + code[n + 1 :]
        for code in KNOWN[scheme]
        for n, was in enumerate(code)
        for digit in "0123456789"
        if was.isdigit() and digit != was
    ]
    assert [row[0] for row in ask_duckdb(wrong) if row[at]] == []


# Not made smaller: the code is named, and each step would be a query.
@settings(phases=[Phase.explicit, Phase.generate], max_examples=20)
@given(st.lists(CODES, min_size=50, max_size=200))
def test_any_text_is_answered_as_the_scheme_says(codes: list[str]) -> None:
    for code, *answers in ask_duckdb(codes):
        assert answers == [expected(scheme, code) for scheme in FORMS], code


def test_spark_answers_alike(spark: SparkSession) -> None:
    codes = sorted({code for known in KNOWN.values() for code in known})
    codes += [code[:-2] + code[-1] + code[-2] for code in codes] + ["", "LA6751-7", "x" * 20]
    listed = ", ".join(f"('{code}')" for code in codes)
    rows = spark.sql(query(f"VALUES {listed} AS v(c)")).collect()
    assert sorted(map(tuple, rows)) == sorted(ask_duckdb(codes))
