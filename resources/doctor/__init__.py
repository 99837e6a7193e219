"""What is wrong with an installation, and what to do: one module for each system that is asked."""
