"""A simulated club whose truth is known: for the demo, and to judge models by."""
