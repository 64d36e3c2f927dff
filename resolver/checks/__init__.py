"""``--check``: the configuration, and what the world sees of the zones."""
