"""The demo in the profile `aws`, as a user starts it, on the emulator: Glue runs the scripts in Spark, Athena
runs the SQL.

Not part of `pytest`: `make test-aws` runs it.
"""
