"""`/usage` and `/metrics` of a gateway while calls come in: in a browser, and by promtool."""

import os
import shutil
import subprocess
import threading
from contextlib import contextmanager

import httpx
import pytest

from shim.gateway import GatewayOptions
from shim.gateway.listener import Listening

IDS = "openUserIds"


@contextmanager
def gateway(**options):
    """Serve a gateway in a thread while the block lasts; give its address."""
    found, ready = [], threading.Event()

    def announce(address):
        found.append(address)
        ready.set()

    listening = Listening(GatewayOptions(**options), "127.0.0.1", 0, announce)
    thread = threading.Thread(target=listening.run, daemon=True)
    thread.start()
    assert ready.wait(30)
    try:
        yield found[0]
    finally:
        listening.stop()
        thread.join(30)


@contextmanager
def calling(address, body):
    """Post the offline call over and over while the block lasts."""
    ended, errors, made = threading.Event(), [], threading.Semaphore(0)

    def calls():
        with httpx.Client(base_url=address, timeout=30) as client:
            while not ended.is_set():
                answer = client.post("/cgi/user/get", json=body).json()
                if answer["errorCode"] != 0:
                    errors.append(answer["errorCode"])
                made.release()

    threads = [threading.Thread(target=calls) for _ in range(4)]
    for one in threads:
        one.start()
    for _ in range(8):
        assert made.acquire(timeout=30)
    try:
        yield
    finally:
        ended.set()
        for one in threads:
            one.join(30)
    assert errors == []


@pytest.fixture
def busy(tenant):
    """A gateway that is called from four connections, and its address."""
    made = tenant(6)
    with made.serve() as upstream, gateway(upstreams=(upstream,)) as address:
        who = made.describe()
        body = {name: who[name] for name in ("corpAccessToken", "corpId")}
        body["openUserId"] = who[IDS][0]
        with calling(address, body):
            yield address, who


class TestLiveGateway:
    def test_metrics_are_what_promtool_accepts_while_calls_come_in(self, busy):
        """Every line, its help and its type; and no argument of a call is in them."""
        address, who = busy
        program = shutil.which("promtool")
        if program is None:
            reason = "promtool (Debian: apt-get install prometheus)"
            if os.environ.get("CI"):
                pytest.fail(reason)
            pytest.skip(reason)
        for _ in range(5):
            text = httpx.get(f"{address}/metrics").text
            done = subprocess.run(
                [program, "check", "metrics"],
                input=text,
                capture_output=True,
                text=True,
                check=False,
            )
            assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
            assert who["corpAccessToken"] not in text
            assert who[IDS][0] not in text
            assert "query_employee_info_by_open_user_id" in text

    def test_usage_shows_growing_counts_in_a_browser_without_an_error(self, busy, browser):
        """Each reload has the counts of then; the console of the browser stays empty."""
        address, who = busy
        counts = []
        browser.get_log("browser")
        for _ in range(3):
            browser.get(f"{address}/usage")
            text = browser.find_element("tag name", "body").text
            assert "query_employee_info_by_open_user_id" in text
            assert who[IDS][0] not in browser.page_source
            assert who["corpAccessToken"] not in browser.page_source
            (row,) = browser.find_elements("css selector", "#sites tbody tr")
            counts.append(int(row.get_attribute("data-calls")))
        assert counts == sorted(counts)
        assert counts[0] < counts[-1]
        noise = [one for one in browser.get_log("browser") if "favicon" not in one["message"]]
        assert noise == []
