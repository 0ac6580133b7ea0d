"""The records that are compared for duplicates: their columns, and the spelling in which texts meet.

What spelling hides is taken away (case, accents, signs, kinds of street, legal forms), so that equal means equal.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping

import pyarrow as pa

_STREET_WORDS = frozenset(
    "street st str avenue ave av road rd drive dr boulevard blvd place pl lane ln court ct parkway pkwy terrace ter "
    "highway hwy way square sq circle cir crescent cres close north south east west n s e w calle c avenida avda "
    "carrera cra paseo plaza via rua r travessa alameda al estrada praca strasse platz".split()
)
_LEGAL_FORMS = frozenset(
    "inc incorporated llc ltd limited corp corporation co company plc gmbh ag sa sas sl srl spa sarl bv nv oy ab as "
    "ltda eireli me cv sab slu".split()
)
_TITLES = frozenset("mr mrs ms miss dr prof sr sra srta dra ing lic don dona".split())
_UNDER_COUNTRIES = frozenset("com co org net gob gov edu ac ltd ind nom".split())
PEOPLE = pa.schema(
    [
        ("id", pa.int64()),
        *((name, pa.string()) for name in ("first_name", "last_name", "first_letters", "birthday", "mail", "mailbox")),
        *((name, pa.string()) for name in ("phone", "company", "street", "postcode", "city")),
        ("number", pa.int64()),
    ]
)
COMPANIES = pa.schema(
    [
        ("id", pa.int64()),
        *((name, pa.string()) for name in ("name", "name_letters", "letters", "phone", "domain", "site")),
        *((name, pa.string()) for name in ("street", "street_letters", "postcode", "city")),
        ("number", pa.int64()),
    ]
)


def words(text: str) -> list[str]:
    """Return the words of a text in lower case without accents and signs, each once."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("'", "").replace("’", ""))
    return list(dict.fromkeys(re.findall(r"\w+", "".join(each for each in plain if not unicodedata.combining(each)))))


def person(id: int, told: Mapping[str, str]) -> dict[str, object]:
    """Return the record of a person.

    `told` may hold name, or first_name and last_name; birthday, mail, phone, company, address, postcode, city.
    """
    first, last = _names(told)
    mail = told.get("mail", "").strip().casefold()
    return {
        "id": id,
        "first_name": first,
        "last_name": last,
        "first_letters": (first or "")[:2] + (last or "")[:2] or None,
        "birthday": re.sub(r"\D", "", told.get("birthday", "")) or None,
        "mail": mail or None,
        "mailbox": _mailbox(mail),
        "company": _company(told.get("company", "")),
        **_contact(told),
    }


def company(id: int, told: Mapping[str, str]) -> dict[str, object]:
    """Return the record of a company; `told` may hold name, domain, phone, address, postcode, city.

    An empty domain says that it has none. `site` is what the domain is called under any ending: norte of norte.com.mx.
    """
    name, contact = _company(told.get("name", "")), _contact(told)
    street, domain = contact["street"], told.get("domain", "").strip().casefold().removeprefix("www.")
    return {
        "id": id,
        "name": name,
        "name_letters": name[:6] if name else None,
        "letters": name.replace(" ", "") if name else None,
        "domain": domain or None,
        "site": _site(domain) if "domain" in told else None,
        "street_letters": str(street)[:3] if street else None,
        **contact,
    }


def table(records: Iterable[dict[str, object]], schema: pa.Schema) -> pa.Table:
    """Return the records as a table of one of the two schemas."""
    return pa.Table.from_pylist(list(records), schema=schema)


def _names(told: Mapping[str, str]) -> tuple[str | None, str | None]:
    """The first name and the others; only where nobody told them apart, the first word is the first name."""
    first, last = (words(told.get(key, "")) for key in ("first_name", "last_name"))
    if not first and not last:
        whole = [word for word in words(told.get("name", "")) if word not in _TITLES]
        first, last = whole[:1], whole[1:]
    return " ".join(first) or None, " ".join(last) or None


def _mailbox(mail: str) -> str | None:
    """What stands before the @ without signs and the part after +; None where it names nobody."""
    box = re.sub(r"[^a-z0-9]", "", mail.partition("@")[0].partition("+")[0])
    return box if len(box) > 5 else None


def _company(name: str) -> str | None:
    found = words(re.sub(r"\b(\w)\.(?=\w\b)", r"\1", name))  # S.A. is one word
    return " ".join([word for word in found if word not in _LEGAL_FORMS] or found) or None


def _site(domain: str) -> str:
    parts = domain.replace("-", "").split(".")[:-1]
    while len(parts) > 1 and parts[-1] in _UNDER_COUNTRIES:
        parts.pop()
    return parts[-1] if parts else ""


def _contact(told: Mapping[str, str]) -> dict[str, object]:
    number, street = _address(told.get("address", ""))
    return {
        "phone": re.sub(r"\D", "", told.get("phone", "")) or None,
        "number": number,
        "street": street,
        "postcode": "".join(words(told.get("postcode", ""))) or None,
        "city": " ".join(words(told.get("city", ""))) or None,
    }


def _address(text: str) -> tuple[int | None, str | None]:
    """The house number, which comes first or after the street, and the street without its kind and direction."""
    found = words(text)
    at = next((place for place, word in enumerate(found) if word[0].isdigit() and not _ordinal(word)), None)
    digits = re.match(r"\d{1,9}", found[at]) if at is not None else None
    street = [word for place, word in enumerate(found) if place != at and word not in _STREET_WORDS]
    street = [word for word in street if not word.isdecimal()] or street
    return int(digits.group()) if digits else None, " ".join(street) or None


def _ordinal(word: str) -> bool:
    return bool(re.fullmatch(r"\d+(st|nd|rd|th)", word))
