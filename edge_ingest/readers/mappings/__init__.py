"""Column mappings of known sources, one TOML file each."""
