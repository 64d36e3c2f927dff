"""Automatic hostnames: an object that names no host gets one that carries its address.

``reading`` → ``deciding`` → ``patching`` is pure: an object in, what has to be written to it out. ``claims``
and ``turns`` are its memory. The edges are ``loop`` (the thread), ``tap`` (its place in the watch),
``writer`` (the API server), ``probe`` (the name server) and ``preview`` (manifests and plans).
"""
