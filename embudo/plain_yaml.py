"""How a YAML file of somebody is read: texts, numbers, lists and mappings, and nothing that could burst or act."""

from typing import Any

import yaml

LONGEST = 1_000_000  # letters
DEEPEST = 40  # levels
BARE = 10_000  # letters of a value without quotes, which is tried as a number and a date


class NotPlain(ValueError):
    """The text cannot be read; the message says why, and where it can."""


class _Plain(yaml.SafeLoader):
    """Knows no tags of Python, and no part that stands for another one: ten lines of those unpack to billions."""

    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent):
            raise self._refusal("no part may repeat another one (*)")
        if event.tag:
            raise self._refusal("no part may say of which kind it is (!)")
        if isinstance(event, yaml.ScalarEvent) and not event.style and len(event.value) > BARE:
            raise self._refusal(f"a value of over {BARE:,} letters needs quotes")
        if self.depth >= DEEPEST:
            raise self._refusal(f"it is nested over {DEEPEST} levels deep")
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1

    def _refusal(self, why: str) -> yaml.YAMLError:
        return yaml.composer.ComposerError(None, None, why, self.peek_event().start_mark)


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
