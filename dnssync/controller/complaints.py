"""What is wrong at the moment, so that it is said when it begins and not again at each retry. Plain data."""


class Complaints:
    """The last complaint about each subject; a subject is any tuple of texts."""

    def __init__(self) -> None:
        self._standing: dict[tuple[str, ...], str] = {}

    def __bool__(self) -> bool:
        """Whether anything is wrong."""
        return bool(self._standing)

    def is_news(self, subject: tuple[str, ...], message: str) -> bool:
        """Note the complaint; whether it differs from the one that stands."""
        before = self._standing.get(subject)
        self._standing[subject] = message
        return before != message

    def settle(self, *subject: str) -> bool:
        """All is well again with the subject; whether it was not before."""
        return self._standing.pop(subject, None) is not None
