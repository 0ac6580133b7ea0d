"""Work that cannot be done."""

from embudo.work.kinds import Progress, Refused, Steps

LABEL, RESULT = "Refusing", "work/_counted.html"


def run(job) -> Steps:
    yield Progress(1, 3)
    raise Refused("The file is empty. Choose another.")
