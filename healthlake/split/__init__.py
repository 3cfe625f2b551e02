"""The splitter: bytes of the files of a day -> Arrow batches of the bronze tables.

Nothing is lost: each entry of a file becomes a resource, a deletion or a quarantine row, counted in
`bronze_file`. A bad record never costs its file, a bad file never costs its day. The package knows no
engine, no lake and no Dagster. It changes nothing in a record beyond writing its JSON canonically, and
follows no reference out of the Bundle that it is in.

`split_day` splits a day in one process. Many processes do the same in steps: each file gets a `look`, all
looks together become a `plan`, each of its pieces is split by `split_piece`, and `file_rows` makes the rows
of `bronze_file` from the counts. What depends on the other files of a drop, its Bulk Data manifests, is in a
file's `Terms`.
"""

from healthlake.split.batches import Batches, arrow_schema
from healthlake.split.day import SplitProgress, drop_terms, split_day
from healthlake.split.errors import FileNotReadable, SplitFailed
from healthlake.split.exports import Terms
from healthlake.split.lines import DOCUMENT_BYTES
from healthlake.split.look import Layout, LineRange, Look, file_id_of, look
from healthlake.split.piece import split_piece
from healthlake.split.plan import FileCounts, Piece, file_rows, plan
from healthlake.split.reasons import Reason, quarantine_page
from healthlake.split.record import RecordReader
from healthlake.split.source import SourceFile
from healthlake.split.verbatim import bytes_at, content_hash_of, record_at

__all__ = [
    "DOCUMENT_BYTES",
    "Batches",
    "FileCounts",
    "FileNotReadable",
    "Layout",
    "LineRange",
    "Look",
    "Piece",
    "Reason",
    "RecordReader",
    "SourceFile",
    "SplitFailed",
    "SplitProgress",
    "Terms",
    "arrow_schema",
    "bytes_at",
    "content_hash_of",
    "drop_terms",
    "file_id_of",
    "file_rows",
    "look",
    "plan",
    "quarantine_page",
    "record_at",
    "split_day",
    "split_piece",
]
