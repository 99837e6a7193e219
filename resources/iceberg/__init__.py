"""The record: Iceberg by pyiceberg, read by DuckDB. `lakehouse.py` is the way in."""
