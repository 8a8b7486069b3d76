"""Answers that no honest vendor gives, over real sockets."""

import shim


def test_a_truthful_peer_is_believed(twisting):
    """The peer of these tests answers as the sandbox does unless it is told otherwise."""
    peer = twisting()
    made = peer.sandbox
    answer = shim.set_member_status_batch(
        made.corp_access_token, made.corp_id, made.open_user_ids, 1
    )
    assert answer["errorCode"] == 0
    assert set(made.members().values()) == {"1"}
    assert peer.count("update") == 6
