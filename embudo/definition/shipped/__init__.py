"""The definition that ships with Embudo: version 0, unsigned, a start to argue about."""

from importlib.resources import files


def text() -> str:
    """Return the shipped YAML as people read it."""
    return files(__name__).joinpath("v0.yaml").read_text(encoding="utf-8")
