"""The node itself: its settings, its state, and whether it is fit for a match day."""
