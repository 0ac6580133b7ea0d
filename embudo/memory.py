"""How the memory of a process is looked after."""

import gc


def collect_seldom() -> None:
    """Look for cycles seldom, and never again in what is loaded by now.

    What requests and batches make is freed by counting references, and little of it stands in cycles. Collections took
    15 % of the processor of an import, and one of everything that is loaded 94 ms of somebody's page.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
