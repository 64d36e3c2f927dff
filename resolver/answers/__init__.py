"""From the bytes of a message to those of its answer. Pure."""
