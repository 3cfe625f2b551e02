"""Named functions: what engines do differently in silence (dates, references) under one name, a body per
engine.

`duckdb.sql` holds DuckDB's bodies, `vectors.json` what every body must answer. Portable SQL calls them by
name.
"""
