"""A peer that sends more than one answer to a request."""

import asyncio

import pytest
from twisting import response

import shim


def arguments(name):
    record = {"dataObjectApiName": "AccountObj", "name": name}
    return "T", "FSCID_T", "FSUID_ME", {"object_data": record}


async def acreated(names):
    """Create records one after the other on one event loop."""
    return [await shim.aio.create_preset_object(*arguments(name)) for name in names]


@pytest.mark.parametrize("proxied", [False, True])
@pytest.mark.parametrize("awaiting", [False, True])
def test_bytes_after_an_answer_are_not_the_answer_to_the_next_request(
    proxied, awaiting, twisting, monkeypatch
):
    """The connection that brought them is closed. Each record is told its own `_id`."""

    def twist(request, _honest):
        made = {"errorCode": 0, "dataId": request.body["data"]["object_data"]["name"]}
        return response(made) + response({"errorCode": 0, "dataId": "of another"})

    peer = twisting(twist)
    if proxied:
        monkeypatch.setenv("HTTP_PROXY", peer.base_url)
    if awaiting:
        answers = asyncio.run(acreated("abc"))
    else:
        answers = [shim.create_preset_object(*arguments(name)) for name in "abc"]
    assert [answer["dataId"] for answer in answers] == ["a", "b", "c"]
