"""The addresses that take messages, and the type of what comes by each."""

BATCH = ""
HISTORY = "/v1/import"  # facts of the past in bulk, from a server: known when they happened
ROUTES = {
    "/v1/track": "track", "/v1/t": "track",
    "/v1/page": "page", "/v1/p": "page",
    "/v1/screen": "screen", "/v1/s": "screen",
    "/v1/identify": "identify", "/v1/i": "identify",
    "/v1/group": "group", "/v1/g": "group",
    "/v1/alias": "alias", "/v1/a": "alias",
    "/v1/batch": BATCH, "/v1/b": BATCH, HISTORY: BATCH, "/e": BATCH,
}  # fmt: skip
