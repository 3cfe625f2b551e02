"""What can stop a split. Neither error names a path or holds a value of a record."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from healthlake.errors import HealthlakeError


class FileNotReadable(HealthlakeError):
    """A file of the drop can't be opened or read. That is no fault of its content, so the day isn't split."""


class SplitFailed(HealthlakeError):
    """The splitter itself failed. Its exception may quote a record, so only the class of that is told."""


@contextlib.contextmanager
def silent(where: str) -> Iterator[None]:
    """Raises errors without what they quote. `where` begins their message."""
    try:
        yield
    except OSError as error:
        raise FileNotReadable(
            f"{where} can't be read ({type(error).__name__}). Make it readable, then run the day again."
        ) from None
    except Exception as error:
        raise SplitFailed(
            f"{where} failed ({type(error).__name__}). This is a bug of the splitter."
        ) from None
