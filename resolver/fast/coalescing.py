"""Which answers of a batch leave in one piece, which the kernel cuts apart (UDP_SEGMENT of udp(7)). Pure.

All in a piece go to one client and have one size; a shorter one may stand at the end. For clients that ask
much from few ports, such as proxies and large recursors, to send several costs little more than to send one.
"""

from collections.abc import Hashable, Sequence

# Answers in a piece, which Linux takes since 4.18, and bytes of each, so that all fit into a datagram.
MAX_RUN = 64
MAX_SIZE = 1000

# Bits of a key: the answer's place in the batch, how much shorter it is than can be, and its client.
_INDEX, _SIZE = 8, 20
_MAX_INDEX, _LEFT = (1 << _INDEX) - 1, (1 << _SIZE) - 1
# Fewer answers, or fewer for each client, do not pay for the sorting.
_LEAST, _WORTH = 16, 3


def arrange(clients: Sequence[Hashable], sizes: Sequence[int]) -> tuple[list[int], list[int]]:
    """The order in which to send at most 256 answers, and how many go into each piece.

    Those of size 0 are left out.
    """
    distinct = set(clients)
    if len(clients) < _LEAST or len(distinct) * _WORTH > len(clients):
        return apart(sizes)
    ranks = {client: (rank + 1 << _SIZE) - 1 << _INDEX for rank, client in enumerate(distinct)}
    keys = [
        ranks[client] - (size << _INDEX) + index
        for index, (client, size) in enumerate(zip(clients, sizes, strict=True))
        if size
    ]
    keys.sort()
    return [key & _MAX_INDEX for key in keys], _runs(keys)


def apart(sizes: Sequence[int]) -> tuple[list[int], list[int]]:
    """The same with each answer in a piece of its own."""
    order = [index for index, size in enumerate(sizes) if size]
    return order, [1] * len(order)


def _runs(keys: list[int]) -> list[int]:
    """How many keys from each to the next go into one piece."""
    runs = []
    first, run, most = -1, 0, 0
    for key in keys:
        kind = key >> _INDEX
        if run < most and kind == first:
            run += 1
        elif run < most and kind >> _SIZE == first >> _SIZE:
            runs.append(run + 1)
            run = most = 0
        else:
            if run:
                runs.append(run)
            first, run = kind, 1
            most = MAX_RUN if kind & _LEFT >= _LEFT - MAX_SIZE else 1
    if run:
        runs.append(run)
    return runs
