import base64

from cryptography.fernet import Fernet
from django.conf import settings
from django.db import migrations
from django.utils.crypto import salted_hmac

SEALED = (("Endpoint", "secret", "signing"), ("Endpoint", "old_secret", "signing"), ("Answer", "body", "answers"))
NO_KEY = (
    "The secrets of webhooks are to be sealed under the install's key, and none is here: set EMBUDO_SECRET_KEY, or put "
    "the file secret_key into the data folder, as for the processes of the site."
)


def box(purpose):
    key = salted_hmac(f"embudo.doors.{purpose}", "", secret=settings.SECRET_KEY, algorithm="sha256").digest()
    return Fernet(base64.urlsafe_b64encode(key))


def has_key():
    return bool(settings.EMBUDO.secret_key) or (settings.EMBUDO.data / "secret_key").exists()


def seal(apps, schema_editor):
    for model, column, purpose in SEALED:
        rows = apps.get_model("doors", model).objects.exclude(**{column: ""})
        for pk, text in list(rows.values_list("pk", column)):
            if not has_key():
                raise RuntimeError(NO_KEY)
            rows.filter(pk=pk).update(**{column: box(purpose).encrypt(text.encode()).decode()})


def unseal(apps, schema_editor):
    for model, column, purpose in SEALED:
        rows = apps.get_model("doors", model).objects.exclude(**{column: ""})
        for pk, text in list(rows.values_list("pk", column)):
            rows.filter(pk=pk).update(**{column: box(purpose).decrypt(text.encode()).decode()})


class Migration(migrations.Migration):

    dependencies = [
        ('doors', '0002_secrets_can_lie_sealed'),
    ]

    operations = [
        migrations.RunPython(seal, unseal),
    ]
