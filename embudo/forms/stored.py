"""What forms store, for the page of what is stored where (privacy/stored.py)."""

from django.utils.translation import gettext_lazy as _

from embudo.privacy.stored import NO_PERSON, USER_LONG, Place

TABLES = {
    "forms.Form": Place(_("forms"), _("what stands on your pages"), USER_LONG, False),
    "forms.Step": Place(
        _("steps of drafts"), _("so that changes can be undone"), _("the last 200 of each form"), False
    ),
    "forms.Version": Place(_("published forms"), _("facts name the version they were sent by"), NO_PERSON, False),
    "forms.Showing": Place(
        _("showings of forms"),
        _(
            "seen, begun, sent; a sent one says as a number whose facts they are, "
            "and whether their address is to be asked by mail"
        ),
        _("for good; an erasure takes the number out"),
    ),
    "forms.Touched": Place(_("fields begun in showings"), _("where people leave a form"), NO_PERSON, False),
    "forms.File": Place(_("files to download"), _("what people get for filling in a form"), USER_LONG, False),
    "forms.Piece": Place(_("pieces of files"), _("their content"), USER_LONG, False),
}
BROWSER = {
    "embudo_answered": Place(
        _("names of attributes and questions asked before, no answers"),
        _("so that a form asks something else the next time"),
        _("only beside embudo_id, and no longer than that"),
    ),
}
