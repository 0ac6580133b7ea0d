"""How the tables are emptied after a test that commits: those that hold something, in one statement or two.

Django truncates every table and writes its own permissions and types of content anew, which nothing here reads and
which took longer than most tests.
"""

from typing import Any

from django.db import connections, transaction

KEPT = {"django_migrations", "django_content_type", "auth_permission"}
_OF_POSTGRESQL = """DO $$ DECLARE each text; held boolean; BEGIN
    SET LOCAL session_replication_role = replica;
    FOREACH each IN ARRAY ARRAY[%s] LOOP
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM %%I)', each) INTO held;
        IF held THEN EXECUTE format('DELETE FROM %%I', each); END IF;
    END LOOP;
END $$"""


def empty(_command: Any, **options: Any) -> None:
    """Empty the tables of a database; in the place of Django's command `flush`."""
    connection = connections[options["database"]]
    tables = sorted({*connection.introspection.django_table_names(only_existing=True)} - KEPT)
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_OF_POSTGRESQL % ", ".join(f"'{table}'" for table in tables))
            return
        for table in tables:
            cursor.execute(f'DELETE FROM "{table}"')
