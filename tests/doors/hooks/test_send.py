"""How deliveries get to a webhook: signed, tried again ever later, one at a time, and given up in the end."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from embudo.accounts.models import AuditEntry
from embudo.doors import forgetting
from embudo.doors.hooks import keeping, send
from embudo.doors.hooks.gather import delivery_of
from embudo.doors.hooks.news import News, key_of
from embudo.doors.models import Answer, Attempt, Delivery, Endpoint
from embudo.doors.outbound import Answered
from embudo.doors.troubles import TROUBLES
from embudo.leads import sql
from tests.doors.conftest import Holding, Receiver, user_of
from tests.leads.conftest import Following


@pytest.fixture
def hook(site: Following, receiver: Receiver) -> Endpoint:
    """A webhook at the receiver."""
    return Endpoint.open(name="CRM", url=receiver.url, kinds=["stage_changed"], by=user_of("admin"))


def waiting(hook: Endpoint, number: int = 1) -> Delivery:
    """A delivery that waits."""
    news = News("stage_changed", key_of("test", number), 1_772_442_000_000_000, 0, 7, {"to": "lead", "name": "Ñandú €"})
    delivery_of(news, hook).save()
    return Delivery.objects.get(key=news.key)


def sent_all() -> int:
    """Send what is due."""
    found = send.due(timezone.now())
    for each in found:
        send.send(each)
    return len(found)


def again_later() -> None:
    """The wait is over."""
    Delivery.objects.update(next_at=timezone.now())


def test_a_delivery_is_signed_so_that_the_library_takes_it(hook: Endpoint, receiver: Receiver) -> None:
    delivery = waiting(hook)
    assert sent_all() == 1
    ((headers, body),) = receiver.got
    read = Webhook(hook.secret).verify(body, headers)
    assert (read["type"], read["data"]["to"]) == ("stage_changed", "lead")
    assert read["timestamp"] == "2026-03-02T09:00:00.000000Z"
    assert headers["webhook-id"] == delivery.message
    with pytest.raises(WebhookVerificationError):
        Webhook(hook.secret).verify(body + b" ", headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(hook.secret).verify(body, {**headers, "webhook-id": "msg_other"})
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts, sent_all()) == ("delivered", 1, 0)
    tried = Attempt.objects.get()
    assert (tried.status, tried.answer, tried.well) == (200, "thanks", True)
    assert "Ñandú" in tried.sent and hook.secret not in tried.sent and "webhook-signature" not in tried.sent


def test_nothing_leaves_unsigned_after_the_installs_key_changed(
    hook: Endpoint, receiver: Receiver, settings: Any
) -> None:
    delivery, was = waiting(hook), settings.SECRET_KEY
    settings.SECRET_KEY = "another"
    assert sent_all() == 1 and receiver.got == []
    delivery.refresh_from_db()
    tried = Attempt.objects.get()
    assert (delivery.state, tried.status, tried.trouble) == ("waiting", None, send.MUTE)
    assert send.MUTE in TROUBLES
    settings.SECRET_KEY = was
    again_later()
    assert sent_all() == 1 and len(receiver.got) == 1


def test_a_new_secret_signs_where_the_old_one_cannot_be_read(hook: Endpoint, receiver: Receiver, settings: Any) -> None:
    waiting(hook)
    settings.SECRET_KEY = "another"
    found = Endpoint.objects.get()
    assert found.secret is None and Endpoint.mute() == [found]
    found.change_secret(by=user_of("admin"))
    assert sent_all() == 1 and Endpoint.mute() == []
    ((headers, body),) = receiver.got
    assert Webhook(Endpoint.objects.get().secret).verify(body, headers)


def test_no_secret_stands_in_the_tables_as_it_is(hook: Endpoint) -> None:
    old = hook.secret
    hook.change_secret(by=user_of("admin"))
    kept = str(sql.rows("SELECT * FROM doors_endpoint"))
    assert old not in kept and hook.secret not in kept and "whsec" not in kept


def test_for_a_day_after_a_change_both_secrets_sign(hook: Endpoint, receiver: Receiver) -> None:
    old = hook.secret
    hook.change_secret(by=user_of("admin"))
    waiting(hook)
    sent_all()
    ((headers, body),) = receiver.got
    for secret in (old, hook.secret):
        assert Webhook(secret).verify(body, headers)
    Endpoint.objects.update(old_secret_until=timezone.now())
    waiting(hook, 2)
    sent_all()
    headers, body = receiver.got[1]
    assert old != hook.secret and Webhook(hook.secret).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(body, headers)


@pytest.mark.parametrize("status", [301, 400, 404, 429, 500, 503])
def test_what_is_not_taken_is_tried_again_with_the_same_id(hook: Endpoint, receiver: Receiver, status: int) -> None:
    delivery = waiting(hook)
    receiver.status = status
    sent_all()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts, sent_all()) == ("waiting", 1, 0)
    assert timedelta(seconds=3) < delivery.next_at - timezone.now() < timedelta(seconds=7)
    again_later()
    receiver.status = 204
    receiver.body = b""
    sent_all()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("delivered", 2)
    assert len({headers["webhook-id"] for headers, _body in receiver.got}) == 1
    hook.refresh_from_db()
    assert (hook.failures, hook.failing_since) == (0, None)


def test_waits_grow_are_spread_and_last_for_days() -> None:
    middle = [send.wait(tries, chance=0.5).total_seconds() for tries in range(1, len(send.WAITS_S) + 1)]
    assert middle == sorted(middle) and sum(middle) > 2 * 86_400
    assert send.wait(1, chance=0.0) < send.wait(1, chance=1.0)
    asks = Answered(503, {"retry-after": "900"}, b"")
    assert send.wait(1, asks, chance=0.5) == timedelta(seconds=900)
    for text in ("-5", "x", "9" * 30, "Wed, 21 Oct 2015 07:28:00 GMT", "nan", ""):
        assert send.wait(1, Answered(503, {"retry-after": text}, b""), chance=0.5) == timedelta(seconds=5)
    assert send.wait(1, Answered(503, {"retry-after": "999999999"}, b"")) == timedelta(days=1)


def test_after_the_last_wait_it_is_given_up_and_can_be_sent_again(hook: Endpoint, receiver: Receiver) -> None:
    delivery = waiting(hook)
    receiver.status = 500
    for _try in range(len(send.WAITS_S) + 1):
        again_later()
        sent_all()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("failed", len(send.WAITS_S) + 1)
    receiver.status = 200
    assert send.again(hook.deliveries.all()) == 1
    assert send.again(hook.deliveries.all()) == 0  # it waits already
    sent_all()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.log.count()) == ("delivered", len(send.WAITS_S) + 2)


def test_one_of_two_gets_a_delivery(hook: Endpoint) -> None:
    delivery = waiting(hook)
    twin = Delivery.objects.get(pk=delivery.pk)
    at = timezone.now()
    assert send.claim(delivery, at)
    assert not send.claim(twin, at)
    assert send.due(at) == []


def test_whoever_died_while_sending_is_followed_by_another(hook: Endpoint, receiver: Receiver) -> None:
    delivery = waiting(hook)
    assert send.claim(delivery, timezone.now())  # and here the process is killed
    assert sent_all() == 0
    Delivery.objects.update(held_until=timezone.now() - timedelta(seconds=1))
    assert sent_all() == 1
    stale = send.Tried(timezone.now(), 1, None, "too late", "")
    send.settle(delivery, hook, stale)  # the dead one was only slow: what it says now changes nothing
    delivery.refresh_from_db()
    assert (delivery.state, Attempt.objects.count()) == ("delivered", 1)


def test_a_webhook_that_keeps_failing_is_paused_with_a_notice(
    hook: Endpoint, receiver: Receiver, settings: Any, mailoutbox: list[Any]
) -> None:
    settings.EMBUDO = replace(settings.EMBUDO, mail_url="smtp://127.0.0.1")
    receiver.status = 500
    for number in range(send.PAUSE_FAILURES):
        waiting(hook, number)
    while sent_all():
        pass
    hook.refresh_from_db()
    assert hook.live and hook.failures == send.PAUSE_FAILURES
    Endpoint.objects.update(failing_since=timezone.now() - send.PAUSE_AFTER)
    again_later()
    sent_all()
    hook.refresh_from_db()
    assert (hook.live, hook.paused_why) == (False, "failing")
    assert [mail.to for mail in mailoutbox] == [["admin@norte.example"]]
    assert "/webhooks/" in mailoutbox[0].body
    assert AuditEntry.objects.filter(verb="webhook_paused", by=None).count() == 1
    waiting(hook, 99)
    assert sent_all() == 0
    receiver.status = 200
    hook.resume(by=user_of("admin"))
    while sent_all():
        pass
    assert set(hook.deliveries.values_list("state", flat=True)) == {"delivered"}


def test_a_webhook_that_says_it_is_gone_is_paused_at_once(hook: Endpoint, receiver: Receiver) -> None:
    waiting(hook)
    receiver.status = 410
    sent_all()
    hook.refresh_from_db()
    assert (hook.live, hook.paused_why) == (False, "gone")
    assert Delivery.objects.get().state == "waiting"


def test_a_slow_webhook_keeps_no_other_waiting(hook: Endpoint, receiver: Receiver) -> None:
    other = Endpoint.open(name="Chat", url=receiver.url, kinds=["stage_changed"], by=user_of("admin"))
    for number in range(10):
        waiting(hook, number)
    waiting(other, 100)
    due = send.due(timezone.now())
    assert sorted(each.endpoint_id for each in due) == sorted([hook.pk] * send.AT_ONCE + [other.pk])
    first, last = send.due(timezone.now(), under_way={due[0].pk: hook.pk}, after=hook.pk)
    assert (first.endpoint_id, last.endpoint_id) == (other.pk, hook.pk) and last.pk != due[0].pk


def test_however_many_are_sent_again_none_is_left_out(hook: Endpoint) -> None:
    for number in range(5):
        waiting(hook, number)
    Delivery.objects.update(state="delivered", ended_at=timezone.now())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(send, "SLICE", 2)
        assert send.again(hook.deliveries.all()) == 5
    assert hook.deliveries.filter(state="waiting", ended_at=None).count() == 5


def test_after_a_pause_the_waits_begin_anew(hook: Endpoint, receiver: Receiver) -> None:
    delivery = waiting(hook)
    hook.pause("by_hand", by=None)
    Delivery.objects.update(tries=len(send.WAITS_S))  # one more that fails and it is given up
    hook.resume(by=user_of("admin"))
    receiver.status = 500
    sent_all()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.tries) == ("waiting", 1)


def test_what_was_erased_goes_after_a_while(hook: Endpoint) -> None:
    delivery = waiting(hook)
    assert forgetting.forget([7]) == 0
    Delivery.objects.update(subject=7)
    assert (forgetting.left([7]), forgetting.forget([7]), forgetting.left([7])) == (1, 1, 0)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.body, delivery.subject) == ("erased", "", None)
    keeping.let_go()
    assert Delivery.objects.exists()
    past = timezone.now() - keeping.DELIVERIES - timedelta(days=1)
    Delivery.objects.filter(ended_at__isnull=False).update(ended_at=past)
    keeping.let_go()
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://no-such-name.invalid/", "http://10.0.0.1/"])
def test_whom_nobody_reaches_is_told_in_words(hook: Endpoint, url: str) -> None:
    Endpoint.objects.update(url=url)
    waiting(hook)
    sent_all()
    tried = Attempt.objects.get()
    assert tried.status is None and tried.trouble


def test_an_answer_that_is_no_text_is_kept_as_one(hook: Endpoint, receiver: Receiver) -> None:
    receiver.body = b"\x00\xff\xfe<script>" + b"x" * 9000
    waiting(hook)
    sent_all()
    tried = Attempt.objects.get()
    assert "<script>" in tried.answer and "\x00" not in tried.answer and len(tried.answer) == send.SHOWN


def test_a_thing_is_kept_once_for_each_webhook(hook: Endpoint) -> None:
    news = News("stage_changed", "k", 0, 0, None, {})
    for _time in range(2):
        Delivery.objects.bulk_create([delivery_of(news, hook)], ignore_conflicts=True)
    assert Delivery.objects.count() == 1


def test_what_is_old_is_let_go(hook: Endpoint, software: Holding) -> None:
    old, fresh, kept = (waiting(hook, number) for number in range(3))
    past = timezone.now() - keeping.DELIVERIES - timedelta(days=1)
    Delivery.objects.filter(pk=old.pk).update(state="delivered", ended_at=past)
    Delivery.objects.filter(pk=fresh.pk).update(state="delivered", ended_at=timezone.now())
    Delivery.objects.filter(pk=kept.pk).update(created_at=past)
    removed = Endpoint.open(name="Gone", url=hook.url, kinds=hook.kinds, by=user_of("admin"))
    waiting(removed, 4)
    Endpoint.objects.filter(pk=removed.pk).update(retired_at=past)
    key = software().key
    Answer.objects.create(key=key, text="a", request="", turn="", begun_at=timezone.now() - timedelta(days=2))
    Answer.objects.create(key=key, text="b", request="", turn="")
    assert not keeping.let_go()
    assert set(Delivery.objects.values_list("pk", flat=True)) == {fresh.pk, kept.pk}
    assert [each.text for each in Answer.objects.all()] == ["b"]


def test_json_is_sent_as_utf_8(hook: Endpoint, receiver: Receiver) -> None:
    waiting(hook)
    sent_all()
    ((headers, body),) = receiver.got
    assert headers["content-type"] == "application/json"
    assert json.loads(body)["data"]["name"] == "Ñandú €"
