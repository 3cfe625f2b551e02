"""The splitter: bytes of the files of a day -> Arrow batches of the bronze tables.

Nothing is lost: each entry of a file becomes a resource, a deletion or a quarantine row, counted in
`bronze_file`. A bad record never costs its file, a bad file never costs its day. The package knows no
engine, no lake and no Dagster. It changes nothing in a record beyond writing its JSON canonically, and
follows no reference out of the Bundle that it is in.
"""

from healthlake.split.batches import Batches, arrow_schema
from healthlake.split.day import FileNotReadable, SplitFailed, SplitProgress, split_day
from healthlake.split.file import FileCounts, split_file
from healthlake.split.reasons import Reason, quarantine_page
from healthlake.split.record import RecordReader
from healthlake.split.source import Fingerprint, SourceFile, fingerprint

__all__ = [
    "Batches",
    "FileCounts",
    "FileNotReadable",
    "Fingerprint",
    "Reason",
    "RecordReader",
    "SourceFile",
    "SplitFailed",
    "SplitProgress",
    "arrow_schema",
    "fingerprint",
    "quarantine_page",
    "split_day",
    "split_file",
]
