"""A resolver in a process of its own, which another program gives its records."""
