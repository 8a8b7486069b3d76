"""Drivers bring whatever translations they are given to their end, and say what went wrong."""

import asyncio
import threading
import time

import pytest

import shim
from shim import settings
from shim.objectapi import calls
from shim.objectapi.session import Session
from shim.scheduler import drivers
from shim.scheduler.scheduler import Scheduler
from shim.scheduler.steps import Pause


@pytest.fixture
def session(tenant):
    """Return a session with a tenant of 30, four calls at once."""
    made = tenant(30, concurrency=4)
    return opened_for(made)


# Here waiting takes its time: it is the drivers that wait.
pytestmark = pytest.mark.usefixtures("machine_time")


def opened_for(made):
    now = settings.current()
    return Session(
        now,
        token=made.corp_access_token,
        corp_id=made.corp_id,
        acting=now.acting_employee(),
    )


def look():
    return calls.query("PersonnelObj", filters=[], fields=["_id"], convert_user_id=True)


def walk(flow, session):
    return drivers.run(flow, lambda: session)


def awalk(flow, session):
    return asyncio.run(drivers.arun(flow, lambda: session))


def stream(flows, session):
    scheduler = Scheduler(lambda: session)
    scheduler.open()
    return list(drivers.stream(scheduler, iter(flows)))


def astream(flows, session):
    async def given():
        for flow in flows:
            yield flow

    async def job():
        scheduler = Scheduler(lambda: session)
        scheduler.open()
        return [one async for one in drivers.AsyncStream(scheduler, given())]

    return asyncio.run(job())


both_translations = pytest.mark.parametrize("door", [walk, awalk])
both_streams = pytest.mark.parametrize("door", [stream, astream])


@both_translations
def test_a_translation_gets_its_replies_in_order_for_steps_of_any_size(door, session):
    """None, one, many, a pause: each reply in the place of its call."""

    def flow():
        sizes = []
        for size in (0, 1, 9, 0, 2):
            replies = yield [look()] * size
            sizes.append((len(replies), {len(reply.rows) for reply in replies}))
            nothing = yield Pause(0.01)
            assert nothing == ()
        return sizes

    assert door(flow(), session) == [(0, set()), (1, {30}), (9, {30}), (0, set()), (2, {30})]


@both_translations
def test_a_translation_that_asks_for_nothing_opens_no_session(door):
    """So that bad arguments are answered even where the installation is wrong."""

    def flow():
        return "at once"
        yield

    class Refusing:
        def __getattr__(self, name):
            pytest.fail(name)

    assert door(flow(), Refusing()) == "at once"


@both_translations
@pytest.mark.parametrize("calls_before", [1, 6])
def test_an_error_of_a_translation_is_raised(door, calls_before, session):
    """In whichever thread it was stepped."""

    def flow():
        yield [look()] * calls_before
        msg = "a mistake in the translation"
        raise LookupError(msg)

    with pytest.raises(LookupError, match="mistake"):
        door(flow(), session)


@both_streams
def test_an_error_of_one_translation_ends_the_stream(door, session):
    """And leaves no thread waiting."""

    def good():
        yield [look()] * 3
        return 1

    def bad():
        yield [look()]
        msg = "a mistake in the translation"
        raise LookupError(msg)

    with pytest.raises(LookupError, match="mistake"):
        door([good(), bad(), *[good() for _ in range(20)]], session)


@both_streams
def test_a_stream_of_translations_without_calls_yields_their_results(door, session):
    """They end as they begin."""

    def flow(number):
        return number
        yield

    assert sorted(door([flow(number) for number in range(50)], session)) == list(range(50))


@both_streams
def test_calls_at_once_are_many_but_at_most_concurrency(door, session):
    """As many calls on the wire as `concurrency` says."""
    on_the_wire, most, lock = 0, 0, threading.Lock()
    inner = settings.current().transport

    class Counting(type(inner)):
        def __init__(self):
            pass

        def handle_request(self, request):
            count(1)
            try:
                time.sleep(0.001)
                return inner.handle_request(request)
            finally:
                count(-1)

        async def handle_async_request(self, request):
            count(1)
            try:
                await asyncio.sleep(0.001)
                return await inner.handle_async_request(request)
            finally:
                count(-1)

    def count(step):
        nonlocal on_the_wire, most
        with lock:
            on_the_wire += step
            most = max(most, on_the_wire)

    shim.configure(transport=Counting())
    session.settings = settings.current()

    def flow():
        yield [look()] * 10
        return 1

    assert sum(door([flow() for _ in range(12)], session)) == 12
    assert 1 < most <= 4


@both_translations
def test_a_call_made_ready_is_not_sent_after_a_stop(door, tenant):
    """One at a time: the write waits for the wire while the read stops the run."""
    made = tenant(1, concurrency=1)
    made.add_faults({"kind": "error", "code": 30002, "path": "/cgi/crm/v2/data/query"})
    opened = opened_for(made)
    options = {"workflow": False, "approval": False, "convert_user_id": True}

    def flow():
        replies = yield [look(), calls.update("PersonnelObj", "id", {"status": "1"}, **options)]
        return [(reply.code, reply.reached) for reply in replies]

    assert door(flow(), opened) == [(30002, True), (30002, False)]
    assert list(made.calls()) == ["/cgi/crm/v2/data/query"]


def test_a_pause_alone_is_waited_for(session):
    """With nothing under way, in a thread that rests."""

    def flow():
        yield [look()] * 5
        yield Pause(0.05)
        yield Pause(0.0)
        yield [look()]
        return "done"

    assert stream([flow(), flow()], session) == ["done", "done"]


@pytest.fixture(params=["first", "others", "no"])
def without_threads(request, monkeypatch):
    """Have some of our threads not start, as while the interpreter leaves (Python 3.12 on)."""
    start = threading.Thread.start

    def refuse(*_args):
        msg = "can't start new thread at interpreter shutdown"
        raise RuntimeError(msg)

    def perhaps(thread):
        return refuse() if thread.name == "fxiaoke-shim" else start(thread)

    if request.param == "no":
        monkeypatch.setattr("_thread.start_new_thread", refuse)
    elif request.param == "first":
        monkeypatch.setattr(threading.Thread, "start", perhaps)
    else:
        first = []

        def one(thread):
            if thread.name == "fxiaoke-shim" and first:
                refuse()
            first.append(thread)
            start(thread)

        monkeypatch.setattr(threading.Thread, "start", one)


@pytest.mark.usefixtures("without_threads")
def test_without_threads_the_calls_are_made_in_the_callers(session):
    """By the first thread, or by the caller's."""

    def flow():
        replies = yield [look()] * 7
        yield Pause(0.01)
        return len(replies)

    assert stream([flow() for _ in range(9)], session) == [7] * 9
    assert walk(flow(), session) == 7


def test_a_stream_given_up_without_threads_gives_up_its_translations(session, monkeypatch):
    """By the caller's thread."""

    def refuse(*_args):
        msg = "can't start new thread at interpreter shutdown"
        raise RuntimeError(msg)

    ended = []

    def flow():
        try:
            yield [look()]
            yield Pause(3600)
        finally:
            ended.append(True)

    def fast():
        yield [look()]
        return 1

    monkeypatch.setattr("_thread.start_new_thread", refuse)
    scheduler = Scheduler(lambda: session)
    scheduler.open()
    results = drivers.stream(scheduler, iter([flow(), fast()]))
    assert next(results) == 1
    results.close()
    assert ended == [True]
