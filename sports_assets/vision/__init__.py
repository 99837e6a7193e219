"""What does the footage show? Players, ball, where they stand, and in which formation."""
