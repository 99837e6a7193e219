"""Each night a copy of what makes the tables readable."""
