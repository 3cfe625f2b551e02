"""What must hold of a day's bronze: its drop stays as it was, and silver reads it only when it is complete.

Raw is immutable, and an unmounted lake must not wipe tables. `bronze_file` is written last: a run that was
killed before leaves tables that don't agree with it.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence

from healthlake.checks.catalogue import catalogue
from healthlake.checks.run import run_checks
from healthlake.contracts.bronze import BRONZE_FILE
from healthlake.contracts.registry import BRONZE_TABLES
from healthlake.engine.protocol import Engine
from healthlake.errors import BronzeIncomplete, DropVanished
from healthlake.lake.catalog import LakeCatalog
from healthlake.lake.layout import LakeLayout
from healthlake.lake.raw import drop_files
from healthlake.lake.revisions import latest_number, revised_files

_SETTLED = "healthlake.settled-revision."
"""Prefix of the property of bronze_file that says which correction of a day its bronze knows."""


def require_same_drop(
    engine: Engine,
    catalog: LakeCatalog,
    day: datetime.date,
    paths: Sequence[str],
    read: str | None = None,
) -> None:
    """`DropVanished` where a path of relation `known_file` is not in `paths`, or has another file_id in
    relation `read`. What a correction took out of the drop since bronze was made is not missed."""
    corrected = revised_files(catalog.layout, day, _settled(catalog, day))
    rows = engine.rows("SELECT path, file_id FROM known_file")
    known: dict[str, str] = {path: file_id for path, file_id in rows if (path, file_id) not in corrected}
    missing = known.keys() - set(paths)
    if missing:
        raise DropVanished(
            f"reading the drop of {day}: {len(missing)} of the {len(known)} files that bronze knows are"
            f" missing from raw (file_id {_some(known[path] for path in missing)}). Nothing was changed."
            f" Mount or restore raw, then run `healthlake materialize --from {day}` again. Files leave a"
            " drop by `healthlake land --withdraw`."
        )
    if read is None or not known:
        return
    now: dict[str, str] = dict(engine.rows(f"SELECT path, file_id FROM {read}"))
    changed = [path for path, file_id in known.items() if now.get(path) != file_id]
    if changed:
        raise DropVanished(
            f"reading the drop of {day}: {len(changed)} of the {len(known)} files that bronze knows have"
            f" other content now (file_id {_some(known[path] for path in changed)} before). Raw is immutable;"
            f" nothing was changed. Restore the files, then run `healthlake materialize --from {day}` again."
            " To correct a drop, run `healthlake land --replace`."
        )


def settle_corrections(catalog: LakeCatalog, days: Iterable[datetime.date]) -> None:
    """Records which corrections the bronze of `days`, now published, has taken in: the later loss of a file
    that lay there before is then seen. Killed in between, it is done by the next run."""
    latest = {day: latest_number(catalog.layout, day) for day in days}
    if told := {
        f"{_SETTLED}{day}": str(number) for day, number in latest.items() if number > _settled(catalog, day)
    }:
        catalog.set_properties(BRONZE_FILE, told)


def is_corrected(catalog: LakeCatalog, day: datetime.date) -> bool:
    """Whether the drop was corrected since its bronze was made."""
    return latest_number(catalog.layout, day) > _settled(catalog, day)


def _settled(catalog: LakeCatalog, day: datetime.date) -> int:
    return int(catalog.properties(BRONZE_FILE).get(f"{_SETTLED}{day}", 0))


def require_complete_bronze(engine: Engine, layout: LakeLayout, day: datetime.date) -> None:
    """`BronzeIncomplete` where the bronze tables don't hold what `bronze_file` says, or the drop was never
    split."""
    engine.doing(f"asking whether bronze of {day} is complete")
    for table in BRONZE_TABLES:
        engine.read(table, [day])
    conservation = [check for check in catalogue()[BRONZE_FILE.name] if check.name == "conservation"]
    (result,) = run_checks(engine, conservation, [day])
    (known,) = engine.rows(f"SELECT count(*) FROM {BRONZE_FILE.name}")[0]
    if not result.passed:
        why = f"{result.violated} of {result.applicable} files don't have the rows that bronze_file says"
    elif not known and (landed := len(drop_files(layout, day))):
        why = f"{landed} files have landed and none was split"
    else:
        return
    raise BronzeIncomplete(
        f"conforming {day}: its bronze is not complete ({why}). Nothing was changed. Run "
        f"`healthlake materialize --from {day}`, or the job raw_to_bronze_synthea for that day."
    )


def _some(file_ids: Iterable[str], limit: int = 3) -> str:
    listed = sorted(file_ids)
    return ", ".join(listed[:limit]) + (", …" if len(listed) > limit else "")
