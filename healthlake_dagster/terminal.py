"""What the command draws on the terminal: progress on stderr, results on stdout."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

stdout = Console(highlight=False, soft_wrap=True)
stderr = Console(stderr=True, highlight=False, soft_wrap=True)

NULL = "NULL"

_FOLDED_WIDTH = 16
"""A column folds down to this many cells before the rows are printed one column a line."""


def print_table(
    title: str,
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
    numbers: Collection[int] = (),
    grouped: bool = True,
) -> None:
    """A table on stdout; columns in `numbers` are set to the right, integers are `grouped` by thousands.

    On a terminal long cells fold, and rows that are too wide even so are printed one column a line. In a pipe
    or a file nothing wraps: a row is a line there.
    """
    cells = [[cell_text(value, grouped) for value in row] for row in rows]
    widths = [max(map(_width, [name, *(row[i] for row in cells)])) for i, name in enumerate(header)]
    borders = 3 * len(widths) + 1
    if title:
        stdout.print(Text(title, style="bold"))
    if stdout.is_terminal and sum(min(width, _FOLDED_WIDTH) for width in widths) + borders > stdout.width:
        _print_records(header, cells)
        return
    table = Table(pad_edge=True)
    for index, name in enumerate(header):
        table.add_column(Text(name), justify="right" if index in numbers else "left", overflow="fold")
    for row in cells:
        table.add_row(*(_styled(text) for text in row))
    wide = stdout if stdout.is_terminal else Console(highlight=False, width=sum(widths) + borders)
    wide.print(table)


def _print_records(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Each row as lines of name and value."""
    longest = max(map(cell_len, header))
    for number, row in enumerate(rows, start=1):
        stdout.print(Text(f"── row {number} ", style="bold"))
        for name, text in zip(header, row, strict=True):
            stdout.print(Text(f"{name:<{longest}}  "), _styled(text), sep="")


def cell_text(value: object, grouped: bool = False) -> str:
    """A value as it stands in a table, without control characters: a value must not steer a terminal."""
    if value is None:
        return NULL
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and grouped:
        return f"{value:,}"
    text = str(value)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)


def print_bytes(content: bytes) -> None:
    """Bytes on stdout as they are; on a terminal as text, which can't steer it."""
    binary = getattr(sys.stdout, "buffer", None)
    if binary is not None and not sys.stdout.isatty():
        binary.write(content)
        binary.flush()
        return
    sys.stdout.write(cell_text(content.decode("utf-8", "backslashreplace")) + "\n")


def _styled(text: str) -> Text:
    return Text(text, style="dim" if text == NULL else "")


def _width(text: str) -> int:
    return max(map(cell_len, text.split("\n")))
