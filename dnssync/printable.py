"""Text of strangers, made safe to show."""


def printable(text: str) -> str:
    """``text`` with what is not printable escaped.

    Names, targets and annotations are written by others: none of them may begin a line of its own, or send
    commands to a terminal.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
