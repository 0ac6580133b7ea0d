"""How the memory of a process is looked after."""

import gc

BATCH, PAGE = 50_000, 5_000  # objects


def collect_seldom(after: int = BATCH) -> None:
    """Look for cycles seldom, after so many new objects, and never again in what is loaded by now.

    What batches make is freed by counting references, and little of it stands in cycles: collections took 15 % of the
    processor of an import. A page leaves some 700 objects in cycles, the request in their middle; 45,000 of them took
    up to 40 ms of somebody's page, and everything that is loaded 94 ms.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(after, 20, 50)
