"""The quota shared through a real Redis: never too many calls, also while Redis is lost."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from redis_stores import HOST, begin, child, most_at_once, path, said, taken, use, window

from shim.notices import QuotaStoreLost, QuotaStoreRecovered
from shim.objectapi._redis_link import Link, StoreLost
from shim.objectapi._redis_store import SharedStore
from shim.objectapi.pacing import WindowLost


class TestWindow:
    def test_the_first_calls_go_at_once_and_the_next_reserve(self, stores):
        """Two processes fill a window; whoever comes then gets the slot that is free first."""
        where = path()
        one, other = (window(stores(), where, 2, 0.4) for _ in range(2))
        first, second = one.take(), other.take()
        assert (first.wait, second.wait) == (0, 0)
        assert one.take() is None, "all under way: nobody knows yet when one comes back"
        assert other.take() is None
        one.give_back(first, used=True)
        time.sleep(0.1)
        other.give_back(second, used=True)
        waits = [one.take().wait, other.take().wait]
        assert waits == [pytest.approx(0.3, abs=0.06), pytest.approx(0.4, abs=0.06)]
        assert one.take() is None

    def test_a_slot_that_was_not_used_comes_back(self, stores):
        """At once where it was never used, else when it would have been free anyway."""
        where = path()
        one, other = (window(stores(), where, 1, 0.4) for _ in range(2))
        one.give_back(one.take(), used=False)
        use(other)
        time.sleep(0.1)
        reserved = one.take()
        assert other.take() is None
        one.give_back(reserved, used=False)
        assert other.take().wait == pytest.approx(0.3, abs=0.06)

    def test_of_two_reservations_the_first_comes_back_as_the_first(self, stores):
        """Whoever comes next is not sent to the end of the queue."""
        one = window(stores(), path(), 2, 1.0)
        use(one)
        time.sleep(0.3)
        use(one)
        first, second = one.take(), one.take()
        assert second.wait - first.wait == pytest.approx(0.3, abs=0.06)
        one.give_back(first, used=False)
        assert one.take().wait == pytest.approx(first.wait, abs=0.06)

    def test_the_lease_of_a_reservation_begins_when_it_may_be_used(self, stores):
        """Waiting in turn is no sign of death."""
        where = path()
        one, other = (window(stores(), where, 1, 0.4, 0.2) for _ in range(2))
        use(one)
        assert one.take().wait == pytest.approx(0.4, abs=0.06)
        time.sleep(0.45)
        assert other.take() is None
        time.sleep(0.2)
        assert other.take().wait == 0

    def test_windows_are_shared_by_tenant_and_path_and_quota(self, stores):
        """Nobody waits for another's window."""
        store, where = stores(), path()
        assert window(store, where, 1, 9.0).take().wait == 0
        assert window(store, where, 1, 9.0).take() is None
        assert window(store, where + "/other", 1, 9.0).take().wait == 0
        assert window(store, where, 2, 9.0).take().wait == 0
        assert store.window("else", where, 1, 9.0, 60.0).take().wait == 0

    def test_keys_are_readable_and_expire(self, stores, one_redis):
        """Both in one place of a cluster, whatever the names, and gone when they mean nothing."""
        where = path()
        one = stores().window("host|F{S}", where, 2, 3.0, 7.0)
        use(one)
        one.take()
        name = f"fxiaoke-shim:{{host|F%7BS%7D|{where}|2/3}}"
        with one_redis.client() as client:
            assert sorted(client.keys(f"*{where}*")) == [f"{name}:busy", f"{name}:free"]
            assert 6 < client.pttl(f"{name}:busy") / 1000 <= 7.1
            assert 2 < client.pttl(f"{name}:free") / 1000 <= 3.1

    @given(
        calls=st.integers(1, 3),
        takers=st.lists(
            st.lists(
                st.tuples(st.floats(0, 0.02), st.floats(0, 0.02), st.booleans()),
                min_size=1,
                max_size=4,
            ),
            min_size=2,
            max_size=6,
        ),
    )
    @hypothesis_settings(max_examples=25, deadline=None)
    def test_no_window_anywhere_holds_more_than_allowed(self, one_redis, calls, takers):
        """Whoever takes, gives back late or gives up: two processes' worth of threads."""
        seconds, where, spans = 0.05, path(), []
        with (
            closing(SharedStore(one_redis.url, "refuse")) as here,
            closing(SharedStore(one_redis.url, "refuse")) as there,
        ):
            windows = [window(store, where, calls, seconds) for store in (here, there)]

            def work(number, steps):
                one = windows[number % 2]
                for thinking, answering, gives_up in steps:
                    time.sleep(thinking)
                    slot = taken(one)
                    if gives_up:
                        time.sleep(slot.wait / 2)
                    else:
                        time.sleep(slot.wait)
                        start = time.monotonic()
                        time.sleep(answering)
                        spans.append((start, time.monotonic()))
                    one.give_back(slot, used=not gives_up)

            with ThreadPoolExecutor(len(takers)) as pool:
                list(pool.map(work, range(len(takers)), takers))
        assert not spans or most_at_once(spans, seconds) <= calls

    def test_processes_together_stay_within_the_quota(self, one_redis):
        """Three processes of four threads each, all at once."""
        calls, seconds, where = 5, 0.25, path()
        code = f"""
        with shared(sys.argv[1]) as store:
            window = store.window({HOST!r}, sys.argv[2], {calls}, {seconds}, 60.0)

            def work():
                for _ in range(2):
                    while (slot := window.take()) is None:
                        time.sleep(0.005)
                    time.sleep(slot.wait)
                    start = time.monotonic()
                    time.sleep(0.02)
                    spans.append((start, time.monotonic()))
                    window.give_back(slot, used=True)

            spans = []
            threads = [threading.Thread(target=work) for _ in range(4)]
            say("ready")
            sys.stdin.readline()
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            say(spans)
        """
        with (
            child(code, one_redis.url, where) as one,
            child(code, one_redis.url, where) as two,
            child(code, one_redis.url, where) as three,
        ):
            processes = [one, two, three]
            begin(processes)
            spans = [tuple(span) for process in processes for span in said(process)]
            assert [process.wait(10) for process in processes] == [0, 0, 0]
        assert len(spans) == 24
        assert most_at_once(spans, seconds) <= calls
        whole = max(end for _, end in spans) - min(start for start, _ in spans)
        assert whole < 3, "as many as are allowed do go"

    def test_the_slots_of_a_killed_process_come_back_with_the_end_of_their_lease(
        self, stores, one_redis
    ):
        """Neither sooner nor never."""
        where = path()
        code = f"""
        with shared(sys.argv[1]) as store:
            window = store.window({HOST!r}, sys.argv[2], 2, 0.2, 1.5)
            began = time.monotonic()
            window.take()
            window.take()
            say(began)
            sys.stdin.readline()
        """
        with child(code, one_redis.url, where) as process:
            began = said(process)
            process.kill()
        one = window(stores(), where, 2, 0.2, 1.5)
        assert one.take() is None
        slot = taken(one)
        assert slot.wait == 0
        assert 1.5 <= time.monotonic() - began < 30

    def test_an_answer_that_came_after_the_lease_counts_all_the_same(self, stores):
        """Then there are more slots than there should be, and all of them have to be free."""
        where = path()
        slow, quick, third = (window(stores(), where, 1, 0.4, 0.1) for _ in range(3))
        late = slow.take()
        time.sleep(0.15)
        slot = quick.take()
        assert slot.wait == 0
        slow.give_back(late, used=True)
        assert third.take() is None, "one is under way, and the late one's is no slot to reserve"
        time.sleep(0.05)
        quick.give_back(slot, used=True)
        assert third.take().wait == pytest.approx(0.4, abs=0.06)


class TestLoss:
    def test_without_redis_each_process_paces_its_own_calls(self, stores, own_redis, events):
        """It knows what it has used; the loss is said once, and so is the recovery."""
        store = stores(own_redis, retry_seconds=0.3)
        one, other = window(store, path(), 2, 0.4), window(store, path(), 9, 0.4)
        use(one)
        use(other)
        under_way = one.take()
        own_redis.stop()
        one.give_back(under_way, used=True)
        with ThreadPoolExecutor(9) as pool:
            slots = list(pool.map(lambda _: other.take(), range(8)))
        assert [slot.wait for slot in slots] == [0] * 8
        assert 0 < one.take().wait <= 0.4, "this process has used both"
        time.sleep(0.35)
        for slot in slots:
            other.give_back(slot, used=True)
        assert events == [QuotaStoreLost("local", "ConnectionError")]

        own_redis.start()
        time.sleep(0.35)
        other.take()
        (_, recovered) = events
        assert isinstance(recovered, QuotaStoreRecovered)
        assert 0.6 < recovered.seconds < 3
        assert recovered.seconds == round(recovered.seconds, 3)

        own_redis.stop()
        other.take()
        assert [event.name for event in events] == [
            *("shim.quota_store_lost", "shim.quota_store_recovered", "shim.quota_store_lost")
        ]

    def test_slots_used_meanwhile_are_reported_when_redis_is_back(self, stores, own_redis):
        """Before anything else is asked, so that other processes wait for it."""
        store, where = stores(own_redis, retry_seconds=0.1), path()
        one = window(store, where, 3, 2.0, 60.0)
        before, unused = one.take(), one.take()
        own_redis.stop()
        meanwhile = one.take()
        one.give_back(before, used=True)
        one.give_back(meanwhile, used=True)
        one.give_back(unused, used=False)
        own_redis.start()
        time.sleep(0.15)
        assert one.take().wait == 0
        others = [window(stores(own_redis), where, 3, 2.0).take() for _ in range(3)]
        waits = [slot and slot.wait for slot in others]
        assert waits[2] is None, "three in all: one under way, two to be had later"
        assert all(1 < wait < 2 for wait in waits[:2])

    def test_a_redis_that_comes_back_empty_does_not_free_used_slots(self, stores, own_redis):
        """A process that has used up the quota waits, though Redis has forgotten why."""
        one = window(stores(own_redis), path(), 1, 2.0)
        use(one)
        own_redis.stop()
        own_redis.start()
        assert 1 < one.take().wait <= 2

    def test_slots_that_redis_no_longer_counts_are_not_reported(self, stores, own_redis):
        """A long loss does not pile up work for the recovery."""
        one = window(stores(own_redis, retry_seconds=0.4), path(), 5, 0.01, 0.01)
        own_redis.stop()
        for _ in range(20):
            slot = one.take()
            time.sleep(slot.wait + 0.01)
            one.give_back(slot, used=True)
        assert len(one._unreported) < 5  # noqa: SLF001 - memory shows nowhere else.

    def test_on_loss_refuse_fails_calls_and_says_what_to_do(self, stores, own_redis, events):
        """No slot without Redis; the error is the one that pacing knows."""
        one = window(stores(own_redis, "refuse", retry_seconds=0.4), path(), 3, 9.0)
        slot = one.take()
        own_redis.stop()
        for _ in range(50):
            with pytest.raises(WindowLost) as caught:
                one.take()
        assert len(one._unreported) < 5, "refusals do not pile up"  # noqa: SLF001
        one.give_back(slot, used=True)
        text = str(caught.value)
        assert "127.0.0.1" in text
        assert "fix redis_url" in text
        assert 'on_quota_store_loss = "local"' in text
        assert events == [QuotaStoreLost("refuse", "ConnectionError")]
        own_redis.start()
        time.sleep(0.45)
        assert [one.take().wait, one.take().wait] == [0, 0], "what was refused holds no slot"
        assert [event.name for event in events][1:] == ["shim.quota_store_recovered"]

    @pytest.mark.parametrize("on_loss", ["local", "refuse"])
    def test_a_redis_that_is_down_from_the_start_counts_as_lost(
        self, on_loss, stores, own_redis, events
    ):
        """Nothing is asked of Redis before the first call, and nothing but an event differs."""
        own_redis.stop()
        store = stores(own_redis, on_loss)
        one = window(store, path(), 2, 0.2)
        assert events == []
        if on_loss == "local":
            use(one)
        else:
            with pytest.raises(StoreLost):
                one.take()
        assert events == [QuotaStoreLost(on_loss, "ConnectionError")]

    def test_a_redis_that_hangs_is_waited_for_once_and_a_second_at_most(
        self, stores, own_redis, events
    ):
        """The others go on meanwhile; the slot that it gave to nobody comes back, and in time."""
        store, where = stores(own_redis, retry_seconds=1.2), path()
        one, other = window(store, where, 1, 4.0), window(store, path(), 1, 4.0)
        use(window(stores(own_redis), where, 1, 4.0))
        use(window(store, path(), 1, 4.0))
        own_redis.pause()
        began = time.monotonic()
        slot = one.take()
        waited = time.monotonic() - began
        assert 0.9 < waited < 30
        began = time.monotonic()
        assert other.take().wait == 0
        assert time.monotonic() - began < waited / 3, "left alone for a while"
        own_redis.resume()
        one.give_back(slot, used=False)
        time.sleep(1.25)
        assert 0 < one.take().wait < 4, "another process has used it"
        assert [event.name for event in events] == [
            *("shim.quota_store_lost", "shim.quota_store_recovered")
        ]
        assert events[0].reason == "TimeoutError"

    def test_one_caller_retries_a_lost_redis_while_others_go_on(self, own_redis):
        """Not even those wait who come while the look takes its time."""

        def fail():
            raise OSError

        def look():
            with pytest.raises(StoreLost) as caught:
                link.ask(str)
            assert not caught.value.sent
            return "back"

        with closing(Link(own_redis.url, "local", 0.3)) as link:
            with pytest.raises(StoreLost):
                link.ask(fail)
            time.sleep(0.35)
            assert link.ask(look) == "back"
            assert link.ask(str) == ""

    def test_a_result_of_an_earlier_generation_is_ignored(self, own_redis, events):
        """An answer or a failure that comes late neither ends a loss nor begins one."""
        link = Link(own_redis.url, "local", 0.0)

        def fail():
            raise OSError

        def lose():
            with pytest.raises(StoreLost):
                link.ask(fail)
            return "answered before, heard after"

        def recover():
            return link.ask(lambda: "back")

        def recover_and_fail():
            recover()
            fail()

        with closing(link):
            assert link.ask(lose) == "answered before, heard after"
            assert [event.name for event in events] == ["shim.quota_store_lost"]
            lose()
            with pytest.raises(StoreLost):
                link.ask(recover_and_fail)
            assert [event.name for event in events] == [
                *("shim.quota_store_lost", "shim.quota_store_recovered")
            ]
            lose()
            assert link.ask(recover) == "back"
            assert len(events) == 4
