"""The benchmark of automatic hostnames works, in small."""

from benchmarks.generation import TINY, run


def test_it_measures_one_patch_for_each_ingress() -> None:
    (row,) = run(TINY).rows
    ingresses, _, patches, conflicts, *_ = row
    assert (patches, conflicts) == (ingresses, 0)
