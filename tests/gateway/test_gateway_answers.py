"""What a client gets: the old answers to offline calls, the upstream's own to all else."""

import pytest


def credentials(made):
    return {"corpAccessToken": made.corp_access_token, "corpId": made.corp_id}


@pytest.mark.parametrize("path", ["/cgi/user/batchSetStatus", "/cgi/crm/v2/data/update"])
def test_offline_call_is_translated_at_either_address(start, upstream, path):
    """The member is disabled through the object API, and the answer says what RFC 9745 asks for."""
    made, address = upstream()
    _, client = start(upstreams=[address])
    one = made.open_user_ids[2]
    sent = {**credentials(made), "openUserIds": [one], "status": 1}
    got = client.post(path, json=sent)
    assert got.status_code == 200
    assert list(got.json()) == ["traceId", "errorDescription", "errorMessage", "errorCode"]
    assert got.json()["errorCode"] == 0
    assert made.person(one)["status"] == "1"
    assert len(made.updates) == 1
    assert got.headers["deprecation"] == "@1768780800"
    assert 'rel="deprecation"' in got.headers["link"]
    assert f'<{address}/cgi/crm/v2/data>; rel="successor-version"' in got.headers["link"]
    assert "sunset" not in got.headers


def test_object_call_at_a_shared_path_is_passed_on(start, upstream):
    """A body with `data` at that path is the object API's own, and is answered by the upstream."""
    _, address = upstream()
    _, client = start(upstreams=[address])
    data = {"object_data": {"dataObjectApiName": "PersonnelObj", "_id": "none"}}
    got = client.post("/cgi/crm/v2/data/query", json={"data": data})
    assert got.headers["server"] == "uvicorn"
    assert "deprecation" not in got.headers
