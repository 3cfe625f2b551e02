"""athena of the emulator."""

from __future__ import annotations


class Control:
    """What goes wrong on demand."""

    endpoint = ""

    def close(self) -> None:
        """Ends what runs."""


def install() -> Control:
    """Puts this project's athena in place of moto's."""
    return Control()
