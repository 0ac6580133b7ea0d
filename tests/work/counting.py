"""Work that counts to a number, from where it stopped."""

from embudo.work.kinds import Progress, Steps

LABEL, RESULT = "Counting", "work/_counted.html"


def run(job) -> Steps:
    total = job.wants["to"]
    for number in range(job.memory.get("at", 0), total):
        yield Progress(number + 1, total, {"at": number + 1, "from": job.memory.get("at", 0)})
    return {"counted": total, "from": job.memory.get("at", 0)}
