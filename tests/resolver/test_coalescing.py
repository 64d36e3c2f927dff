"""Which answers leave in one piece."""

from itertools import accumulate, pairwise

from hypothesis import given
from hypothesis import strategies as st

from resolver.fast.coalescing import MAX_RUN, MAX_SIZE, apart, arrange

ANSWERS = st.lists(
    st.tuples(
        st.integers(1, 4),
        st.one_of(st.integers(0, 4), st.sampled_from([512, MAX_SIZE, MAX_SIZE + 1, 70_000])),
    ),
    max_size=256,
)


def pieces_of(order: list[int], runs: list[int]) -> list[list[int]]:
    return [order[start:end] for start, end in pairwise(accumulate(runs, initial=0))]


@given(ANSWERS)
def test_every_answer_leaves_once_and_pieces_are_such_as_the_kernel_cuts(
    answers: list[tuple[int, int]],
) -> None:
    clients, sizes = [client for client, _ in answers], [size for _, size in answers]
    order, runs = arrange(clients, sizes)
    assert sorted(order) == [index for index, size in enumerate(sizes) if size]
    assert sum(runs) == len(order)
    for piece in pieces_of(order, runs):
        assert len({clients[index] for index in piece}) == 1
        first, *rest = [sizes[index] for index in piece]
        assert all(size == first for size in rest[:-1])
        assert not rest or rest[-1] <= first
        assert len(piece) == 1 or (len(piece) <= MAX_RUN and first <= MAX_SIZE)


@given(ANSWERS)
def test_apart_means_a_piece_for_each_answer(answers: list[tuple[int, int]]) -> None:
    sizes = [size for _, size in answers]
    order, runs = apart(sizes)
    assert order == [index for index, size in enumerate(sizes) if size]
    assert runs == [1] * len(order)


def test_a_shorter_answer_ends_a_piece() -> None:
    order, runs = arrange(["one"] * 16, [50, 40, 50, 30, 50, 30, *[20] * 10])
    assert pieces_of(order, runs) == [[0, 2, 4, 1], [3, 5, 6], list(range(7, 16))]


def test_few_answers_keep_their_order() -> None:
    order, runs = arrange(["one"] * 15, list(range(1, 16)))
    assert order == list(range(15))
    assert runs == [1] * 15


def test_many_answers_of_one_size_make_few_pieces() -> None:
    _, runs = arrange(["one"] * 130 + ["other"] * 126, [60] * 256)
    assert sorted(runs) == [2, 62, 64, 64, 64]


def test_clients_with_one_answer_each_are_left_in_their_order() -> None:
    order, runs = arrange(range(100), [60] * 100)
    assert order == list(range(100))
    assert runs == [1] * 100
