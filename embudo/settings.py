"""Django's settings, made from the install's own (embudo.config); `settings.EMBUDO` is that Config."""

from importlib.util import find_spec
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from csp.constants import NONE, SELF

from embudo import config as _config
from embudo import secret as _secret

EMBUDO = _config.read()
BASE_DIR = Path(__file__).resolve().parent

DEBUG = EMBUDO.debug
SECRET_KEY = _secret.key_of(EMBUDO)


def installed(module: str) -> bool:
    """Return whether the module of that name can be imported."""
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


# -- apps, in the order the data flows; an app that is not there yet is left out ---------------------
_APPS = (
    *("ui", "accounts", "work", "capture", "definition", "leads", "privacy"),
    *("forms", "imports", "duplicates", "doors", "reports", "demo", "operate"),
)
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "csp",
    *(f"embudo.{app}" for app in _APPS if installed(f"embudo.{app}")),
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
]
if installed("embudo.accounts.models"):
    AUTH_USER_MODEL = "accounts.User"

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "embudo.ui.middleware.whole_cookies",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "embudo.accounts.middleware.preferences",
    "embudo.accounts.middleware.sessions",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "embudo.ui.middleware.toasts",
    "embudo.ui.middleware.fragments",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "embudo.ui.middleware.whole_addresses",
    "embudo.ui.middleware.sent_only",
]

ROOT_URLCONF = "embudo.urls"
WSGI_APPLICATION = "embudo.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# -- tables ------------------------------------------------------------------------------------------
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
_SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY;"
    " PRAGMA cache_size=-16000; PRAGMA journal_size_limit=67108864;"
)


def _sqlite(file: Path) -> dict[str, object]:
    options = {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": _SQLITE_PRAGMAS}
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": file,
        "OPTIONS": options,
        "CONN_MAX_AGE": None,
        "TEST": {"NAME": file.with_name("test.sqlite3")},
    }


def _postgresql(url: str) -> dict[str, object]:
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    threshold = int(options.pop("prepare_threshold", 5))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", "") or unquote(parts.hostname or ""),
        "PORT": options.pop("port", "") or str(parts.port or ""),
        "OPTIONS": options | {"prepare_threshold": threshold},  # leads/sql.py prepares what it runs many times
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
    }


DATABASES = {"default": _sqlite(EMBUDO.tables) if EMBUDO.embedded else _postgresql(EMBUDO.database_url)}

# -- people, languages, time -------------------------------------------------------------------------
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = LOGIN_URL
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# django-allauth does the second step and the providers; signing in, limits and pages are ours (docs/accounts.md).
ACCOUNT_ADAPTER = "embudo.accounts.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60
ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False  # embudo/accounts/attempts.py
ACCOUNT_FORMS = {"reauthenticate": "embudo.accounts.code_forms.PasswordAgainForm"}
MFA_ADAPTER = "embudo.accounts.adapters.SecondStepAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1
MFA_FORMS = {
    "authenticate": "embudo.accounts.code_forms.CodeForm",
    "reauthenticate": "embudo.accounts.code_forms.CodeAgainForm",
    "activate_totp": "embudo.accounts.code_forms.AppForm",
    "add_webauthn": "embudo.accounts.code_forms.PasskeyForm",
    "edit_webauthn": "embudo.accounts.code_forms.PasskeyNameForm",
}
SOCIALACCOUNT_ADAPTER = "embudo.accounts.adapters.ProviderAdapter"
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True}}  # which ones: EMBUDO_OIDC
LANGUAGE_CODE = EMBUDO.language
LANGUAGES = [("en", "English"), ("es", "Español"), ("pt-br", "Português (Brasil)")]
LOCALE_PATHS = sorted(BASE_DIR.glob("*/locale"))
USE_TZ = True
TIME_ZONE = EMBUDO.time_zone

# -- files -------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 0 if DEBUG else 300

# -- what the site lets in and what it tells browsers ------------------------------------------------
_site = urlsplit(EMBUDO.site_address)
_https = _site.scheme == "https"
_further = [name.strip() for name in EMBUDO.allowed_hosts.split(",") if name.strip()]
_listening = f"[{EMBUDO.web_host}]" if ":" in EMBUDO.web_host else EMBUDO.web_host
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", _listening, *filter(None, [_site.hostname]), *_further]
CSRF_TRUSTED_ORIGINS = [f"{_site.scheme}://{_site.netloc}"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _https and EMBUDO.trusted_proxies else None
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}

# -- long work: kind -> the module that does it (embudo/work/kinds.py) --------------------------------
WORK = {
    "duplicates": "embudo.duplicates.search",
    "erasure": "embudo.privacy.erasing",
    "import_check": "embudo.imports.doing.check",
    "import_run": "embudo.imports.doing.bring_in",
    "import_undo": "embudo.imports.doing.take_back",
    "replay": "embudo.operate.replay",
    "people_act": "embudo.leads.acting",
    "people_export": "embudo.leads.exporting",
    "tag_join": "embudo.leads.tag_joining",
    "person_export": "embudo.privacy.taking_out",
}

# Errands, which the process of long work does at once beside it: each module's `turn()` does one, if there is one.
ERRANDS = ["embudo.forms.mailing"]

# What erases a person, with everything that any app keeps of them.
ERASE = "embudo.privacy.erasing.erase_everywhere"

# What the process `work` removes once an hour because it is old.
SWEEPS = (
    "embudo.work.run.sweep",
    "embudo.imports.keeping.sweep",
    "embudo.leads.files.purge",
    "embudo.leads.tag_changes.purge",
)

# What the list of people asks other apps for: the purposes of consents, and further acts on several people.
PURPOSES = "embudo.privacy.models.purposes"
PEOPLE_ACTS = ("embudo.privacy.several.Consent",)

# What the timeline of a person asks: the names of forms, by the source and the code that facts have.
FORM_NAMES = "embudo.forms.models.names"
# And the answers to their questions, in the words of the reader.
FORM_ANSWERS = "embudo.forms.retelling.retelling"

# The API keys in force of a user, for the page on which they see to the safety of their account.
KEYS_OF = "embudo.doors.models.keys_of"

# -- mail and log lines ------------------------------------------------------------------------------
_mail = urlsplit(EMBUDO.mail_url)
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMBUDO.mail_url else 'dummy'}.EmailBackend"
EMAIL_HOST = _mail.hostname or ""
EMAIL_PORT = _mail.port or 25
EMAIL_HOST_USER = unquote(_mail.username or "")
EMAIL_HOST_PASSWORD = unquote(_mail.password or "")
EMAIL_USE_SSL = _mail.scheme == "smtps"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = EMBUDO.sender
EMAIL_USE_TLS = bool(EMBUDO.mail_url) and dict(parse_qsl(_mail.query)).get("tls") == "1"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{levelname} {name}: {message}", "style": "{"}},
    "filters": {
        "links": {"()": "embudo.accounts.log_lines.WithoutLinks"},
        "one_line": {"()": "embudo.accounts.log_lines.OneLine"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["links", "one_line"]}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "splink": {"level": "WARNING"},  # it tells of every step
    },
}
