"""The assets, made from the contracts: raw -> bronze -> silver -> gold. They wire jobs to Dagster and decide
nothing."""
