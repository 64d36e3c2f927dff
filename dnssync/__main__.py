"""``python -m dnssync``: the same as the command ``dnssync``."""

from dnssync.cli import main

if __name__ == "__main__":
    main()
