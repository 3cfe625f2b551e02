"""The exceptions of the library. A message says what was being done, on what, what was expected and what to
run next.

    HealthlakeError
    ├── UsageError             the caller asked for what can't be: a day, a table, a path
    │   ├── LakeNotFound       no lake where the settings point
    │   ├── LakeMoved          the catalog names files of another place
    │   ├── LakeOutdated       a table was made by another version, with other columns
    │   └── DropRefused        landing would change an immutable drop
    ├── FileNotReadable        a file of the drop can't be opened or read; defined in healthlake.split
    ├── SplitFailed            the splitter itself failed; defined in healthlake.split
    ├── DropVanished           files of a drop that bronze knows are missing from raw, or changed there
    ├── BronzeIncomplete       silver was asked for while the day's bronze is missing or half written
    ├── LedgerGap              gold was asked for while a landed day up to it has no audited silver
    ├── StructuralViolation    what was about to be published breaks a structural rule; it was not committed
    ├── WriterBusy             another writer held a table's lock for longer than the caller would wait
    └── EngineError            an engine failed; its own message may quote a patient's value and is dropped

No message holds a value of a record or the name of a file: files are their `file_id`, rows are positions.
"""

from __future__ import annotations


class HealthlakeError(Exception):
    """Base of all errors that this project raises on purpose."""


class UsageError(HealthlakeError):
    """What was asked for can't be done as asked; the message names the next step."""


class LakeNotFound(UsageError):
    """There is no lake where the settings point."""


class LakeMoved(UsageError):
    """The lake was moved or copied: its catalog names the files of where it was made."""


class LakeOutdated(UsageError):
    """A table has other columns than its contract: another version of healthlake made it."""


class DropRefused(UsageError):
    """Landing these files would change a drop, and drops are immutable."""


class DropVanished(HealthlakeError):
    """Files that bronze knows are missing from raw, or have other content there: nothing is changed."""


class BronzeIncomplete(HealthlakeError):
    """The bronze tables of a day are not what its `bronze_file` says, or the day was landed and never
    split."""


class LedgerGap(HealthlakeError):
    """A landed day up to the one asked for has no audited silver."""


class RuleStopsGold(HealthlakeError):
    """A rule that this deployment made blocking failed on a day that gold would be computed from."""


class StructuralViolation(HealthlakeError):
    """Rows about to be published break a structural rule of their contract; nothing of that table and day was
    committed."""


class WriterBusy(HealthlakeError):
    """Another writer holds the lock of a table."""


class EngineError(HealthlakeError):
    """An engine failed. Only its error class and what was being done are told: its message may quote a
    value."""


class EngineUnavailable(EngineError):
    """The engine took no query, whatever it asks: another one would be refused alike."""
