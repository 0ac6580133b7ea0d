"""Work with a mistake in it."""

from embudo.work.kinds import Progress, Steps

LABEL, RESULT = "Breaking", "work/_counted.html"


def run(job) -> Steps:
    yield Progress(1, 3)
    raise ZeroDivisionError("secret words of the machine")
