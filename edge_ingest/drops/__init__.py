"""What leaves the edge: a recording as Parquet files and a signed manifest, and back."""
