"""Files of people, as a CRM writes them, that tests import one after the other."""

from pathlib import Path
from typing import Any

from embudo.imports.mapping import parse
from embudo.imports.report import Line
from embudo.imports.run import Import
from embudo.leads.models import ImportRow
from tests.leads.conftest import Following

MAP: dict[str, Any] = {
    "name": "crm",
    "missing": ["-"],
    "who": {
        "mail": "Email",
        "phone": {"column": "Phone", "country": "MX"},
        "user_id": {"column": "Id", "prefix": "crm:"},
    },
    "at": "Created",
    "attributes": {"name": "Name", "company_size": {"column": "Size", "kind": "number"}, "origin": {"value": "fair"}},
    "first_touch": {"source": "Source", "campaign": {"value": "spring"}},
    "facts": [{"kind": "opportunity_won", "when": "Won", "at": "Won", "props": {"opportunity": "Id"}}],
}
HEADERS = "Email,Phone,Id,Created,Name,Size,Source,Won\n"
ANA = "Ana@Norte.MX,55 1234 5678,1,2025-03-01,Ana Ruiz,120,fair,\n"
LUIS = "luis@sur.mx,,2,2025-03-02,Luis Paz,-,ads,2025-04-01\n"


class Importing:
    """Files that are imported one after the other."""

    def __init__(self, following: Following, folder: Path) -> None:
        self.following, self.folder = following, folder

    def __call__(self, text: str, *, dry_run: bool = False, kind: str = "people", **change: Any) -> list[Line]:
        """Import a file of these rows and follow; return its report."""
        path = self.folder / "file.csv"
        path.write_text(HEADERS + text, encoding="utf-8")
        work = Import(self.following.log, parse({**MAP, **change}), kind, dry_run=dry_run)
        lines = [line for some in work.run(path) for line in some]
        kept = ImportRow.objects.filter(run=work.record).order_by("row").values_list("row", "outcome", "facts")
        assert list(kept) == [(each.row, each.outcome, "" if dry_run else " ".join(each.facts)) for each in lines]
        self.following.follower.catch_up()
        self.following.agrees()
        return lines


def outcomes(lines: list[Line]) -> list[tuple[str, str]]:
    """How each row fared."""
    return [(line.outcome, str(line.reason)) for line in lines]
