"""The public door: takes events from browsers, SDKs and servers, keeps them durably, answers."""

from embudo.config import Config


def serve(config: Config) -> None:
    """Serve until SIGTERM or SIGINT."""
    from embudo.collector.serve import serve as run

    run(config)
