"""Outside systems, one a file: local and production adapters side by side, and the one switch."""
