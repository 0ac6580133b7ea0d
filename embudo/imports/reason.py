"""Why a row of a file failed or was left out, and what is remarkable about one that was accepted."""

from enum import StrEnum


class Reason(StrEnum):
    """Why a row failed, or what is remarkable about one that was accepted."""

    NOBODY = "nobody"
    BAD_DATE = "bad_date"
    FUTURE = "future"
    UNKNOWN_PERSON = "unknown_person"
    TOO_FEW_COLUMNS = "too_few_columns"
    TWICE = "twice"
    REFUSED = "refused"
    DELETED = "deleted"
    ERASED = "erased"
    FOOTER = "footer"
    UNKNOWN_STAGE = "unknown_stage"
    # remarks
    BAD_MAIL = "bad_mail"
    BAD_PHONE = "bad_phone"
    BAD_VALUE = "bad_value"
    TOO_LONG = "too_long"
    TOO_MANY_COLUMNS = "too_many_columns"
    CONTROL = "control"
    BEFORE_FIRST = "before_first"
    WITHDREW = "withdrew"
    NEW_STATUS = "new_status"
    NO_ANSWER = "no_answer"


class RowFailed(ValueError):
    """Nothing of this row can be recorded; carries the reason and words for people."""

    def __init__(self, reason: Reason, words: str, subject: int | None = None) -> None:
        super().__init__(words)
        self.reason, self.words, self.subject = reason, words, subject
