"""All 26 calls at their old addresses: answered by the tenant itself, and by a gateway.

Two tenants made alike get the same bytes. They end in the same state and give the same answer, but
for what the loss report states.
"""

import asyncio
import json

import pytest
from gateway_requests import requested
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_differential import Pair, arguments

from shim.gateway import app
from shim.offline import ENDPOINTS

FEW = settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


class ThroughGateway(Pair):
    """The second of the two ways goes through a gateway's application, without a socket."""

    def call(self, name, given_arguments, path=None):
        sent = {key: value for key, value in given_arguments.items() if value is not None}
        address = ENDPOINTS[name].addresses[0]
        path = path or address.path

        def body(made):
            credentials = {"corpAccessToken": made.corp_access_token, "corpId": made.corp_id}
            return json.dumps({**credentials, **sent}).encode()

        old = self.client.request(address.method, path, content=body(self.old)).json()
        gateway = app(upstreams=["http://127.0.0.1:9"], access_log=False)
        status, headers, new = asyncio.run(requested(gateway, address.method, path, body(self.new)))
        assert status == 200
        assert headers[b"deprecation"] == b"@1768780800"
        return old, json.loads(new)


@pytest.mark.parametrize("name", ENDPOINTS)
@FEW
@given(data=st.data(), seed=st.integers(0, 99))
def test_call_through_the_gateway_leaves_the_same_state(name, data, seed):
    """Same state, same answer."""
    pair = ThroughGateway(seed)
    old, new = pair.call(name, data.draw(arguments(name, pair)))
    pair.check(name, old, new)
