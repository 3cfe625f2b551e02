"""Evidence: from the key of a row to every delivery behind it, down to file and position in raw; of a gold
row to the days of the tables that it was computed from."""

from healthlake.trace.gold import GoldInput, GoldTrace, trace_gold
from healthlake.trace.key import TraceKey, trace_key, traced_table
from healthlake.trace.model import Fate, Sighting, Trace
from healthlake.trace.silver import trace

__all__ = [
    "Fate",
    "GoldInput",
    "GoldTrace",
    "Sighting",
    "Trace",
    "TraceKey",
    "trace",
    "trace_gold",
    "trace_key",
    "traced_table",
]
