"""The extension registry: loading plugins, looking objects up, switching them per region."""
