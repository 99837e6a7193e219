"""Store and forward: drops stay until the landing zone has them."""
