"""No token, secret, phone or name in anything that is emitted: canaries are planted everywhere."""

import asyncio
import io
import logging
import traceback
import warnings

import pytest
import structlog

import shim
from shim.objectapi import calls
from shim.objectapi._environment import httpx
from shim.offline import ENDPOINTS
from shim.sandbox import Sandbox

TOKEN, SECRET, CODE = "canary-token", "canary-secret", "canary-code"
NAME, PHONE = "金丝雀", "13912345678"
# Another one than those who are disabled, which is refused before anything is sent.
ACTING = "FSUID_CANARY_ACTING"
CANARIES = ["canary", NAME, PHONE, "FSUID_CANARY"]


class Gossip(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """A vendor that repeats everything it knows: credentials in errors, people in rows."""

    def __init__(self):
        self.expired = True
        self.broken = False

    def handle_request(self, request):
        if self.broken:
            msg = f"could not send {request.content.decode()}"
            raise httpx.WriteError(msg)
        text = f"token {TOKEN}, secret {SECRET}, code {CODE}, phone {PHONE}"
        if request.url.path.endswith("/V2"):
            return httpx.Response(200, json={"errorCode": 20015, "errorMessage": text})
        if request.url.path.endswith("/update"):
            return httpx.Response(200, json={"errorCode": 32000, "errorMessage": text})
        if self.expired:
            return httpx.Response(200, json={"errorCode": 20016, "errorMessage": text})
        row = {"_id": "1", "user_id": "FSUID_CANARY", "status": "0", "name": NAME, "phone": PHONE}
        body = {"errorCode": 0, "traceId": "E-O.1", "data": {"dataList": [row]}}
        return httpx.Response(200, json=body)

    async def handle_async_request(self, request):
        return self.handle_request(request)


@pytest.fixture
def everything():
    """Collect all that is logged, warned of or raised, and all reprs; give it as one text."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(logging.Formatter("%(message)s %(args)s"))

    class Fields(logging.Filter):
        def filter(self, record):
            text.write(repr(vars(record)))
            return True

    handler.addFilter(Fields())
    root = logging.getLogger()
    # httpcore and the event loop log their own doings; what we answer for is ours and httpx's.
    level = root.level
    root.setLevel(logging.DEBUG)
    root.addHandler(handler)
    yield text
    root.removeHandler(handler)
    root.setLevel(level)


def provoke(out, *args):
    """Make one call both ways; put what can be seen of it into `out`."""
    for door in (
        shim.set_member_status_batch,
        lambda *given: asyncio.run(shim.aio.set_member_status_batch(*given)),
    ):
        try:
            answer = door(*args)
        except Exception:
            traceback.print_exc(file=out)
        else:
            # Ids belong in the outcomes handed to the caller, and nowhere else.
            out.write(repr(answer) + str(answer) + repr(answer.api_calls))
            for outcome in answer.outcomes:
                out.write(outcome.message)


@pytest.mark.parametrize("configured", [False, True], ids=["stdlib", "structlog"])
@pytest.mark.parametrize("notices", ["log", "warn", "error"])
def test_canaries_are_found_nowhere(notices, configured, everything):
    """Bad arguments, expired tokens, refused renewals, refused writes, broken connections."""
    vendor = Gossip()
    settings = shim.configure(
        transport=vendor,
        current_open_user_id=ACTING,
        app_id="FSAID_1",
        app_secret=SECRET,
        permanent_code=CODE,
        corp_access_token=TOKEN,
        notices=notices,
        read_back_seconds=0,
        retry_seconds=0,
    )
    if configured:
        structlog.configure(
            processors=[structlog.processors.JSONRenderer(ensure_ascii=False)],
            logger_factory=structlog.PrintLoggerFactory(everything),
        )
    good = (TOKEN, "FSCID_1", ["FSUID_CANARY"], 1)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        provoke(everything, *good)
        vendor.expired = False
        provoke(everything, *good)
        provoke(everything, TOKEN, "FSCID_1", "FSUID_CANARY", 1)
        provoke(everything, TOKEN, "FSCID_1", ["FSUID_CANARY", {PHONE: NAME}], 1)
        provoke(everything, TOKEN, "FSCID_1", ["FSUID_CANARY"], PHONE)
        provoke(everything, TOKEN, "FSCID_1", ["FSUID_CANARY"], 1, TOKEN)
        vendor.broken = True
        provoke(everything, *good)
        for bad in ({"notices": TOKEN}, {"app_id": 5}, {"base_url": f"ftp://{SECRET}"}):
            try:
                shim.configure(**bad)
            except shim.ConfigurationError:
                traceback.print_exc(file=everything)
    structlog.reset_defaults()
    for warning in caught:
        everything.write(str(warning.message))
    everything.write(repr(settings).replace(f"current_open_user_id='{ACTING}'", ""))
    everything.write(repr(calls.local_reply(-1, PHONE)))
    shown = everything.getvalue()
    # What Python itself shows of our source in a traceback is the test's own text.
    shown = "\n".join(line for line in shown.splitlines() if "provoke(" not in line)
    assert len(shown) > 1000
    assert [canary for canary in CANARIES if canary in shown] == []


@pytest.mark.parametrize("expired", [False, True])
def test_the_number_of_the_acting_employee_is_a_secret(expired, everything):
    """Also if the vendor repeats it, and in the repr of the settings."""
    vendor = Gossip()
    vendor.expired = expired
    settings = shim.configure(
        transport=vendor, acting_mobile=PHONE, notices="log", retry_seconds=0, read_back_seconds=0
    )
    provoke(everything, TOKEN, "FSCID_1", ["FSUID_CANARY"], 1)
    everything.write(repr(settings) + str(settings))
    shown = everything.getvalue()
    shown = "\n".join(line for line in shown.splitlines() if "provoke(" not in line)
    assert "acting_mobile" in shown
    assert [canary for canary in CANARIES if canary in shown] == []


def test_the_sandbox_keeps_its_people_to_itself(everything):
    """Names, phones and credentials of the pretend tenant show in no repr and no error."""
    made = Sandbox(3, seed=1)
    shim.configure(
        base_url=made.base_url,
        transport=made.transport(),
        current_open_user_id=made.current_open_user_id,
        notices="log",
    )
    provoke(everything, made.corp_access_token, made.corp_id, made.open_user_ids, 1)
    everything.write(repr(made) + repr(made.updates) + repr(made.transport()))
    for secret in (made.corp_access_token, made.app_secret, made.permanent_code):
        assert secret not in everything.getvalue()


EVERY_CALL = {
    "set_member_status_batch": (["FSUID_CANARY"], 1),
    "set_member_status": ("FSUID_CANARY", 1, "FSUID_CANARY"),
    "update_member": (
        {"openUserId": "FSUID_CANARY", "name": NAME, "mobile": PHONE, "qq": "canary-qq"},
    ),
    "query_employee_info_by_open_user_id": ("FSUID_CANARY",),
    "query_employee_by_mobile": (PHONE,),
    "query_updated_employee_list_by_time_range": (),
    "get_department_list": (),
    "get_department_details": ("FSUID_CANARY", 1001),
    "update_department": ({"id": 1001, "name": NAME},),
    "set_department_status": (1001, 1),
}
RECORD = {"dataObjectApiName": "AccountObj", "_id": "canary-id", "name": NAME, "tel": PHONE}
OBJECT_CALL = (
    "FSUID_CANARY",
    {
        "dataObjectApiName": "AccountObj",
        "object_data": RECORD,
        "objectDataId": "canary-id",
        "object_data_id": "canary-id",
        "idList": ["canary-id"],
        "Data": [{"objectDataId": "canary-id", "ownerId": ["FSUID_CANARY"]}],
    },
)


@pytest.mark.parametrize(
    ("expired", "mode"),
    [
        (False, "object"),
        (True, "object"),
        (False, "shadow"),
        (True, "shadow"),
        (False, "dry_run"),
        (False, "legacy"),
    ],
)
@pytest.mark.parametrize("name", ENDPOINTS)
def test_no_call_says_what_it_was_given(name, expired, mode, everything):
    """Log events, warnings and the envelope's texts of every call, whatever the vendor answers."""
    vendor = Gossip()
    vendor.expired = expired
    shim.configure(
        transport=vendor,
        current_open_user_id=ACTING,
        app_id="FSAID_1",
        app_secret=SECRET,
        permanent_code=CODE,
        read_back_seconds=0,
        retry_seconds=0,
        quota_calls=0,
        on_unmapped="drop",
        mode=mode,
    )
    given = (TOKEN, "FSCID_1", *EVERY_CALL.get(name, OBJECT_CALL))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        blocking = getattr(shim, name)(*given)
        awaited = asyncio.run(getattr(shim.aio, name)(*given))
    for answer in (blocking, awaited):
        everything.write(answer["errorMessage"] + answer["errorDescription"])
        everything.write("".join(outcome.message for outcome in answer.outcomes))
        everything.write(repr(answer.plan))
    for warning in caught:
        everything.write(str(warning.message))
    shown = everything.getvalue()
    assert f"function={name}" in shown
    assert [canary for canary in CANARIES if canary in shown] == []
