"""Parts of Dagster 1.13 that we use although they are marked beta or preview: named here, once, and nothing
else is silenced.

`CodeReferencesMetadataValue` and `LocalFileCodeReference` (the link from a table to its code),
`partitions_def` of a check (a status a day), and what `AssetSelection.from_string` calls inside Dagster. The
pin (`dagster<1.14`) and tests/dagster hold us to what they do today, so a line on each start would tell a
user nothing to act on.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

_ACCEPTED: tuple[tuple[str, type[Warning]], ...] = (
    ("Class `(LocalFileCodeReference|CodeReferencesMetadataValue)`", dg.BetaWarning),
    (r"Parameter `include_sources` of function `AssetSelection\.", dg.BetaWarning),
    ("Specifying a partitions_def on an AssetCheckSpec", dg.PreviewWarning),
)


@contextmanager
def accepted() -> Iterator[None]:
    """Silences the warnings about what is named above while the block runs."""
    with warnings.catch_warnings():
        for message, category in _ACCEPTED:
            warnings.filterwarnings("ignore", message, category)
        yield
