"""The splitter: bytes of the files of a day -> Arrow batches of the bronze tables.

Nothing is lost: each entry of a file becomes a resource, a deletion or a quarantine row, counted in `bronze_file`. A bad
record never costs its file, a bad file never costs its day. It knows no engine, no lake and no Dagster; it never changes a
record beyond writing its JSON canonically, and looks up no reference outside the Bundle that it is in.
"""

from healthlake.split.batches import Batches, arrow_schema
from healthlake.split.day import FileNotReadable, SplitProgress, split_day
from healthlake.split.file import FileCounts, split_file
from healthlake.split.reasons import SENTENCES, Reason
from healthlake.split.record import RecordReader
from healthlake.split.source import Fingerprint, SourceFile, fingerprint

__all__ = [
    "SENTENCES",
    "Batches",
    "FileCounts",
    "FileNotReadable",
    "Fingerprint",
    "Reason",
    "RecordReader",
    "SourceFile",
    "SplitProgress",
    "arrow_schema",
    "fingerprint",
    "split_day",
    "split_file",
]
