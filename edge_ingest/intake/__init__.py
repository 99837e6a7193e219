"""The watched folder: files come in, drops go to the outbox, what is bad to quarantine."""
