"""An errand of the tests: there is one of it, and the first try goes wrong."""

TRIES: list[int] = []


def turn() -> bool:
    TRIES.append(len(TRIES))
    if len(TRIES) == 1:
        raise ZeroDivisionError("not yet")
    return len(TRIES) == 2
