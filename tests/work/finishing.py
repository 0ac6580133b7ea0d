"""Work of which half must not stay."""

from embudo.work.kinds import Progress, Steps

LABEL, RESULT, MUST_END = "Finishing", "work/_counted.html", True


def run(job) -> Steps:
    yield Progress(1, 2, {"at": 1}, at_once=True)
    return {"counted": 2}
