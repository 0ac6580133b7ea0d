"""What others call a kind of event: the types of messages and the names of events, brought to ours."""

from functools import lru_cache

from embudo.collector.spelling import snake_case

KIND_OF_TYPE = {
    "page": "page_viewed",
    "screen": "screen_viewed",
    "identify": "profile_changed",
    "group": "company_changed",
    "alias": "identity_claimed",
}

# Names other systems give to kinds that have a name here (Segment's semantic events first).
KIND_ALIASES = {
    "page": "page_viewed",
    "page_view": "page_viewed",
    "pageview": "page_viewed",
    "viewed_page": "page_viewed",
    "order_completed": "purchase_made",
    "order_placed": "purchase_made",
    "purchase": "purchase_made",
    "purchased": "purchase_made",
    "form_submit": "form_submitted",
    "submitted_form": "form_submitted",
    "lead_submitted": "form_submitted",
    "generate_lead": "form_submitted",
    "file_downloaded": "content_downloaded",
    "file_download": "content_downloaded",
    "document_downloaded": "content_downloaded",
    "download_clicked": "content_downloaded",
    "outbound_click": "link_clicked",
    "outbound_clicked": "link_clicked",
    "outbound_link_clicked": "link_clicked",
    "article_viewed": "content_viewed",
    "video_watched": "content_viewed",
    "email_sent": "mail_sent",
    "email_delivered": "mail_delivered",
    "email_opened": "mail_opened",
    "email_clicked": "mail_clicked",
    "email_link_clicked": "mail_clicked",
    "email_bounced": "mail_bounced",
    "email_marked_as_spam": "mail_complained",
    "unsubscribed": "mail_unsubscribed",
    "email_unsubscribed": "mail_unsubscribed",
    "email_replied": "mail_replied",
    "subscribed": "newsletter_subscribed",
    "newsletter_signup": "newsletter_subscribed",
    "request_demo": "demo_requested",
    "demo_request": "demo_requested",
    "request_quote": "quote_requested",
    "start_trial": "trial_started",
    "meeting_completed": "meeting_held",
    "webinar_attended": "event_attended",
    "survey_completed": "survey_answered",
    "survey_response": "survey_answered",
    "referral_completed": "referral_made",
}


@lru_cache(maxsize=4096)
def kind_of(name: str) -> str:
    """Return the kind by the name others give it: "Demo Requested" -> "demo_requested"; "" when it has none."""
    kind = snake_case(name)
    return KIND_ALIASES.get(kind, kind)
