"""One script a claim: `python -m benchmarks.NAME` prints one JSON object last."""
