"""How a YAML file of somebody is read: texts, numbers, lists and mappings, and nothing that could burst or act."""

from typing import Any

import yaml

LONGEST = 1_000_000  # letters
DEEPEST = 40  # levels


class NotPlain(ValueError):
    """The text cannot be read; the message says why, and where it can."""


class _Plain(yaml.SafeLoader):
    """Knows no tags of Python, and no part that stands for another one: ten lines of those unpack to billions."""

    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.composer.ComposerError(None, None, "no part may repeat another one (*)", self._mark())
        if self.depth >= DEEPEST:
            raise yaml.composer.ComposerError(None, None, f"it is nested over {DEEPEST} levels deep", self._mark())
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1

    def _mark(self) -> Any:
        return self.peek_event().start_mark


def load(text: str) -> Any:
    """Return the values of a YAML text; raises NotPlain."""
    if len(text) > LONGEST:
        raise NotPlain(f"it has over {LONGEST:,} letters")
    try:
        return _Plain(text).get_single_data()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" from line {mark.line + 1} on" if mark else ""
        raise NotPlain(f"it cannot be read{where}: {getattr(error, 'problem', None) or 'no YAML'}") from error
    except (ValueError, RecursionError, OverflowError) as error:  # a date or a number that is none
        raise NotPlain("it holds a date or a number that is none") from error
