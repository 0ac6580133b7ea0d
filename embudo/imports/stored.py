"""What imports store (privacy/stored.py asks)."""

from django.utils.translation import gettext_lazy as _

from embudo.privacy.stored import FOR_GOOD, USER_LONG, Place

TABLES = {
    "imports.Upload": Place(
        _("files brought in"), _("how they are written, what their columns mean, what became of them"), FOR_GOOD
    ),
    "imports.Mapping": Place(_("kept mappings"), _("the next file of the same kind"), USER_LONG, False),
    "imports.VisitsReport": Place(_("what access logs held"), _("figures of visits and machines"), FOR_GOOD, False),
    "imports.Undo": Place(_("imports taken back"), _("how far that is"), FOR_GOOD, False),
}
