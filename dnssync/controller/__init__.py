"""The controller: what is seen becomes desired, is planned per name, and is applied per zone.

One thread (``loop``) owns all state and never waits for a remote side. Reading zones and applying changes
happen in worker threads (``remote``) whose results come back as messages through the ``inbox``, as do the
objects that the watchers see and the flags that the scheduler sets.
"""
