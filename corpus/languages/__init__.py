"""The languages of texts and interfaces: one TOML file per language, such as `fr.toml`."""
