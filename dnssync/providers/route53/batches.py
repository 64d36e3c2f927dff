"""Batches within the service's limits, and how a rejected one is taken apart."""

import re
from collections.abc import Iterable, Iterator

from dnssync.providers.route53.options import Route53Options
from dnssync.providers.route53.writes import Prepared

Batch = tuple[Prepared, ...]

# What a message puts around names: RRSet with DNS name a.b., type A / [name='a.b.', type='A'].
_WORDS = re.compile(r"[^\s,'\"\[\]()]+")


def fits(batch: Iterable[Prepared], options: Route53Options) -> bool:
    """Whether one request may hold all of ``batch``: entries, characters of values, values."""
    writes = [write for prepared in batch for write in prepared.writes]
    return (
        len(writes) <= options.batch_size
        and sum(write.characters for write in writes) <= options.batch_characters
        and sum(write.values for write in writes) <= options.batch_values
    )


def pack(prepared: Iterable[Prepared], options: Route53Options) -> Iterator[Batch]:
    """Batches as full as the limits allow, in the order of the bundles' names.

    Each bundle must fit on its own. A bundle is never divided: it is one request's atomic part.
    """
    batch: list[Prepared] = []
    entries = characters = values = 0
    for one in sorted(prepared, key=lambda one: (one.bundle.name, one.index)):
        more = len(one.writes), sum(w.characters for w in one.writes), sum(w.values for w in one.writes)
        entries, characters, values = entries + more[0], characters + more[1], values + more[2]
        if batch and (
            entries > options.batch_size
            or characters > options.batch_characters
            or values > options.batch_values
        ):
            yield tuple(batch)
            batch, (entries, characters, values) = [], more
        batch.append(one)
    if batch:
        yield tuple(batch)


def blamed(batch: Batch, message: str) -> Batch:
    """The bundles of which the service's ``message`` names a record."""
    words = {word.rstrip(".") for word in _WORDS.findall(message)}
    return tuple(one for one in batch if any(name.rstrip(".") in words for name in one.names()))


def divide(batch: Batch, message: str) -> list[Batch]:
    """A rejected batch in smaller ones: the blamed bundles each alone and the rest together, or halves.

    ``batch`` has at least two bundles; each part is smaller than the batch, so that dividing ends.
    """
    guilty = blamed(batch, message)
    if guilty and len(guilty) < len(batch):
        alone = {one.index for one in guilty}
        rest = tuple(one for one in batch if one.index not in alone)
        return [rest, *((one,) for one in guilty)]
    middle = len(batch) // 2
    return [batch[:middle], batch[middle:]]
