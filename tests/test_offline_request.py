"""Which HTTP requests are offline calls: as the sandbox reads them, which has marks of its own."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import shim
from shim._call import perform
from shim._offline_request import content, is_address, recognised
from shim.notices import Caller
from shim.offline import ENDPOINTS
from shim.sandbox._messages import Refusal
from shim.sandbox._routes import ROUTES

CREDENTIALS = {"corpAccessToken": "t", "corpId": "FSCID_A"}
KEYS = st.sets(
    st.sampled_from(
        sorted(
            {
                name
                for endpoint in ENDPOINTS.values()
                for name in endpoint.signature.parameters
                if name not in {*CREDENTIALS, "thirdTraceId"}
            }
        )
    )
)
ADDRESSES = sorted(
    {(one.method, one.path) for each in ENDPOINTS.values() for one in each.addresses}
)


def sent(method, path, body, query="", headers=()):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return recognised(method, path, query, headers, raw)


@given(address=st.sampled_from(ADDRESSES), keys=KEYS)
def test_a_request_is_the_call_that_the_sandbox_takes_it_for(address, keys):
    method, path = address
    body = {**CREDENTIALS, **dict.fromkeys(keys, 1)}
    try:
        expected = ROUTES.find(path, body, method).answer.__name__
    except Refusal:
        expected = None
    found = sent(method, path, body)
    if found is None:
        # Object calls of verbs that have no offline call, and bodies that are nobody's.
        assert expected not in ENDPOINTS
    elif expected in ENDPOINTS and {"openUserId", "openUserIds"} - keys:
        assert found.endpoint.name == expected
    if found is not None:
        assert found.requested == f"{method} {path}"
        assert body.items() <= found.arguments.items()


@pytest.mark.parametrize("name", ENDPOINTS)
def test_each_call_is_known_at_each_of_its_addresses(name):
    endpoint = ENDPOINTS[name]
    required = {
        each: 1
        for each, parameter in endpoint.signature.parameters.items()
        if parameter.default is parameter.empty
    }
    if name == "set_member_status":
        required["openUserId"] = "FSUID_A"
    for address in endpoint.addresses:
        if name == "query_updated_employee_list_by_time_range":
            required["startTime"] = 1
        found = sent(address.method, address.path, {**CREDENTIALS, **required})
        assert found is not None
        assert found.endpoint is endpoint


@pytest.mark.parametrize(
    ("method", "path", "body", "headers"),
    [
        pytest.param("GET", "/cgi/user/batchSetStatus", CREDENTIALS, (), id="method"),
        pytest.param("POST", "/cgi/user/batchSetStatus/", CREDENTIALS, (), id="path"),
        pytest.param("POST", "/cgi/user/list", CREDENTIALS, (), id="current call"),
        pytest.param("POST", "/cgi/user/get", {"openUserId": "x"}, (), id="no credentials"),
        pytest.param("POST", "/cgi/user/get", b"openUserId=x", (), id="form"),
        pytest.param("POST", "/cgi/user/get", b"[" * 100_000, (), id="nested"),
        pytest.param("POST", "/cgi/user/get", b"\xff\xfe\xfa", (), id="bytes"),
        pytest.param("POST", "/cgi/user/get", [CREDENTIALS], (), id="list"),
        pytest.param("POST", "/cgi/user/get", b" " * (17 << 20), (), id="long"),
        pytest.param(
            "POST", "/cgi/user/get", CREDENTIALS, [("Content-Encoding", "gzip")], id="encoded"
        ),
        pytest.param(
            "POST", "/cgi/crm/v2/data/update", {**CREDENTIALS, "openUserIds": []}, (), id="no mark"
        ),
        pytest.param(
            "POST",
            "/cgi/crm/v2/data/update",
            {**CREDENTIALS, "data": {}},
            [("authorization", "Bearer t")],
            id="token in a header",
        ),
        pytest.param(
            "POST",
            "/cgi/crm/v2/data/update",
            {**CREDENTIALS, "data": {}},
            [("X-FS-UserId", "1000")],
            id="user in a header",
        ),
    ],
)
def test_other_requests_are_no_offline_calls(method, path, body, headers):
    assert sent(method, path, body, headers=headers) is None


def test_headers_of_a_proxy_or_a_plain_encoding_do_not_matter():
    headers = [("Authorization", "Basic eDp5"), ("Content-Encoding", "identity"), ("Accept", "*")]
    assert sent("POST", "/cgi/user/get", CREDENTIALS, headers=headers) is not None


def test_addresses_are_known_without_a_body():
    assert all(is_address(*one) for one in ADDRESSES)
    assert not is_address("POST", "/cgi/user/list")


def test_a_recognised_request_is_answered_as_the_function_answers():
    with shim.testing.sandbox(3) as tenant:
        shim.configure(notices="log")
        body = {
            "corpAccessToken": tenant.corp_access_token,
            "corpId": tenant.corp_id,
            "openUserIds": tenant.open_user_ids,
            "status": 1,
        }
        found = sent("POST", "/cgi/user/batchSetStatus", body, query="thirdTraceId=abc&x=1")
        assert found.arguments["thirdTraceId"] == "abc"
        caller = Caller.client("payroll", found.requested)
        answer = perform(found.endpoint, caller, found.arguments)
        assert set(tenant.members().values()) == {"1"}
    assert json.loads(content(answer)) == answer
    assert answer["errorCode"] == 0


def test_missing_credentials_are_refused_as_the_old_service_did():
    body = {"corpId": "FSCID_A", "openUserIds": ["FSUID_A"], "status": 1}
    with shim.testing.sandbox(1):
        shim.configure(notices="log")
        found = sent("POST", "/cgi/user/batchSetStatus", body)
        answer = perform(found.endpoint, Caller.client("payroll", "x"), found.arguments)
    assert answer["errorCode"] == 10013


def test_a_text_that_is_no_unicode_is_written_all_the_same():
    assert content({"name": "\ud800"}) == b'{"name":"\\ud800"}'
