"""How a table is drawn on terminals of different widths."""

from __future__ import annotations

import pytest
from rich.console import Console

from healthlake_dagster import terminal


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Console:
    """A terminal of 60 columns that remembers what was drawn."""
    console = Console(force_terminal=True, width=60, color_system=None, record=True, highlight=False)
    monkeypatch.setattr(terminal, "stdout", console)
    return console


def test_a_table_that_fits_is_drawn_as_a_table(screen: Console) -> None:
    terminal.print_table("Title", ("name", "n"), [("a", 1234), ("b", None)], numbers=(1,))
    drawn = screen.export_text()
    assert drawn.startswith("Title\n")
    assert "│ a    │ 1,234 │" in drawn and "│ b    │  NULL │" in drawn


def test_a_long_cell_is_folded_not_cut(screen: Console) -> None:
    terminal.print_table("", ("name", "text"), [("a", "0123456789" * 10)])
    drawn = screen.export_text()
    assert max(map(len, drawn.splitlines())) <= 60
    assert drawn.count("0") == 10


def test_more_columns_than_fit_are_drawn_one_a_line(screen: Console) -> None:
    header = [f"column_{n:02}" for n in range(12)]
    terminal.print_table("", header, [[f"value {n}" for n in range(12)]] * 2)
    drawn = screen.export_text()
    assert "── row 1" in drawn and "── row 2" in drawn
    assert "column_11  value 11" in drawn


def test_values_are_text_of_one_kind() -> None:
    shown = [terminal.cell_text(value) for value in (None, True, 0, 1234, 1.5, "", "a\nb", "a\tb")]
    assert shown == ["NULL", "true", "0", "1234", "1.5", "", "a\nb", "a\\tb"]
