"""What is wrong with a signal? One module a signal; each flags, and leaves out only dead time."""
