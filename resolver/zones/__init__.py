"""The zones: what is in them, where it comes from, and how it changes."""
