"""The real Trino lane: gold's and the checks' SQL on the engine family that Athena is of, over moto's
Glue and S3.

Not part of `pytest`: `make test-trino` runs it where a Java that is new enough is found.
"""
