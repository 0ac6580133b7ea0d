from django.conf import settings
from django.db import migrations

PURPOSES = (
    (
        "newsletter",
        {
            "en": (
                "News by e-mail",
                "I agree to receive news about products, events and offers by e-mail. "
                "I can withdraw this consent at any time.",
            ),
            "es": (
                "Novedades por correo",
                "Acepto recibir por correo electrónico novedades sobre productos, eventos y ofertas. "
                "Puedo retirar este consentimiento en cualquier momento.",
            ),
            "pt-br": (
                "Novidades por e-mail",
                "Aceito receber por e-mail novidades sobre produtos, eventos e ofertas. "
                "Posso retirar este consentimento a qualquer momento.",
            ),
        },
    ),
    (
        "profiling",
        {
            "en": (
                "Visits to the website",
                "I agree that my visits to the website are recorded and connected with my contact details, "
                "so that what I am offered fits my interests. I can withdraw this consent at any time.",
            ),
            "es": (
                "Visitas al sitio web",
                "Acepto que mis visitas al sitio web se registren y se relacionen con mis datos de contacto, "
                "para que lo que se me ofrece corresponda a mis intereses. "
                "Puedo retirar este consentimiento en cualquier momento.",
            ),
            "pt-br": (
                "Visitas ao site",
                "Aceito que minhas visitas ao site sejam registradas e relacionadas aos meus dados de contato, "
                "para que o que me é oferecido corresponda aos meus interesses. "
                "Posso retirar este consentimento a qualquer momento.",
            ),
        },
    ),
    (
        "phone",
        {
            "en": (
                "Contact by phone",
                "I agree to be called or sent messages at the phone number I gave. "
                "I can withdraw this consent at any time.",
            ),
            "es": (
                "Contacto por teléfono",
                "Acepto que me llamen o me envíen mensajes al número de teléfono que indiqué. "
                "Puedo retirar este consentimiento en cualquier momento.",
            ),
            "pt-br": (
                "Contato por telefone",
                "Aceito receber ligações ou mensagens no número de telefone que informei. "
                "Posso retirar este consentimento a qualquer momento.",
            ),
        },
    ),
)


def ask(apps, schema_editor):
    Purpose, Wording = apps.get_model("privacy", "Purpose"), apps.get_model("privacy", "Wording")
    for position, (code, words) in enumerate(PURPOSES, 1):
        label = words.get(settings.LANGUAGE_CODE, words["en"])[0]
        purpose = Purpose.objects.create(code=code, label=label, position=position)
        for language, (title, text) in words.items():
            Wording.objects.create(purpose=purpose, version=1, language=language, title=title, text=text)


class Migration(migrations.Migration):

    dependencies = [
        ("privacy", "0001_purposes_and_their_wordings"),
    ]

    operations = [
        migrations.RunPython(ask, migrations.RunPython.noop),
    ]
