"""`healthlake report`: the data-quality page of a lake, as one HTML file."""

from __future__ import annotations

import datetime
import webbrowser

from healthlake.errors import UsageError
from healthlake.lake.paths import lake_path
from healthlake_dagster.quality_page import write_page
from healthlake_dagster.resources.lake import LakeResource
from healthlake_dagster.resources.query import QueryResource
from healthlake_dagster.settings import Settings
from healthlake_dagster.terminal import stdout


def report(
    settings: Settings,
    first: datetime.date | None,
    last: datetime.date | None,
    output: str | None,
    is_opened: bool,
) -> None:
    """Writes the page, prints its verdict and where it is, and opens it where asked to."""
    if first and last and last < first:
        raise UsageError(f"reading --to: {last} is before --from {first}.")
    lake = LakeResource(settings)
    lake.catalog().require_database()
    page = write_page(settings, QueryResource(lake), first, last, lake_path(output) if output else None)
    stdout.print(page.sentence, markup=False)
    stdout.print(f"The report is in {page.path}", markup=False)
    if is_opened:
        webbrowser.open(page.path.as_uri())
