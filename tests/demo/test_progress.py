import io
import re
import time

from embudo.demo.progress import Progress


class Terminal(io.StringIO):
    """Text that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_on_a_terminal_a_bar_is_drawn_over_itself():
    out = Terminal()
    progress = Progress(out)
    progress.begin("Writing")
    progress.said = 0.0
    progress.at(0.5, "10 facts")
    progress.done("20 facts")
    *drawn, last = out.getvalue().split("\r\033[K")
    assert drawn[-1].startswith("███████████████░░░░░░░░░░░░░░░  50%  Writing 10 facts")
    assert re.fullmatch(r"Writing: 20 facts \(\d+\.\d s\)\n", last)


def test_a_bar_is_not_drawn_too_often():
    out = Terminal()
    progress = Progress(out)
    progress.begin("Writing")
    for share in range(1000):
        progress.at(share / 1000)
    assert out.getvalue().count("\r") < 20


def test_elsewhere_a_line_is_printed_at_each_quarter():
    out = io.StringIO()
    progress = Progress(out)
    progress.begin("Writing")
    for share in range(101):
        progress.at(share / 100)
    assert out.getvalue() == "".join(f"Writing: {pct}% \n" for pct in (25, 50, 75, 100))


def test_what_takes_unknown_time_is_said_before_it_begins_and_when_it_is_done() -> None:
    out = io.StringIO()
    progress = Progress(out)
    with progress.busy("Sealing"):
        said = out.getvalue()
    progress.done("2 segments")
    assert said == "Sealing ...\n"
    assert out.getvalue().startswith("Sealing ...\nSealing: 2 segments (")


def test_on_a_terminal_the_seconds_run() -> None:
    out = Terminal()
    progress = Progress(out)
    with progress.busy("Sealing"):
        deadline = time.monotonic() + 10
        while "Sealing ... 0 s" not in out.getvalue() and time.monotonic() < deadline:
            time.sleep(0.01)
    assert "Sealing ... 0 s" in out.getvalue()
