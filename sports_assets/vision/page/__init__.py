"""The page on a session's footage."""
