"""What a sandbox is made from, and what it never tells."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

import pytest

import shim.sandbox
from shim.sandbox import Sandbox
from shim.sandbox._dispatch import Dispatcher
from shim.sandbox._messages import Refusal
from shim.sandbox._routes import Routes


def test_public_names_are_these() -> None:
    """What `shim.sandbox` exports."""
    assert sorted(shim.sandbox.__all__) == [
        "Fault", "FaultError", "KINDS", "PROFILES", "Profile", "ProfileName", "Reply", "Sandbox",
        "SandboxTransport", "Update", "run",
    ]  # fmt: skip


def test_importing_loads_no_server() -> None:
    """starlette and uvicorn are an extra."""
    check = (
        "import sys, shim.sandbox as s; s.Sandbox(members=1).transport();"
        "sys.exit(bool({'starlette', 'uvicorn', 'anyio'} & {*sys.modules}))"
    )
    subprocess.run([sys.executable, "-c", check], check=True)


def test_body_that_no_endpoint_of_an_address_accepts_is_10006() -> None:
    """A shared address may have no endpoint for a body: it is an unknown path then."""
    routes = Routes()
    routes.add("/here", accepts=lambda body: "a" in body)(lambda _call: {})
    assert routes.find("/here", {"a": 1}).paths == ("/here",)
    with pytest.raises(Refusal, match="10006"):
        routes.find("/here", {"b": 1})


class TestSeed:
    def test_same_arguments_make_the_same_tenant(self, talk: Any) -> None:
        """The same arguments make the same tenant, down to names and the order of rows."""
        twins = [Sandbox(members=30, seed=8) for _ in range(2)]
        assert twins[0].describe() == twins[1].describe()
        assert talk(twins[0]).rows() == talk(twins[1]).rows()

    def test_another_seed_makes_another_tenant(self) -> None:
        """Another seed makes another tenant."""
        one, other = Sandbox(seed=1).describe(), Sandbox(seed=2).describe()
        for key in one.keys() - {"base_url"}:
            assert one[key] != other[key]

    def test_people_look_real(self, talk: Any) -> None:
        """Chinese names, mobile numbers and addresses, no two alike where they cannot be."""
        rows = talk(Sandbox(members=100)).rows()
        assert all(re.fullmatch(r"[\u4e00-\u9fff]{3}", row["name"]) for row in rows)
        assert all(re.fullmatch(r"1[3-9]\d{9}", row["phone"]) for row in rows)
        assert all(re.fullmatch(r"[a-z.]+\d+@example\.com", row["email"]) for row in rows)
        assert len({row["phone"] for row in rows}) == 100

    def test_ids_look_real(self) -> None:
        """As the documents show them."""
        told = Sandbox(members=3).describe()
        assert told["corpId"].startswith("FSCID_")
        assert all(each.startswith("FSUID_") for each in told["openUserIds"])
        assert told["currentOpenUserId"].startswith("FSUID_")
        assert told["base_url"] == "https://sandbox.fxiaoke.invalid"


class TestArguments:
    @pytest.mark.parametrize(
        "options",
        [
            {"profile": "lazy"},
            {"members": -1},
            {"quota_calls": -1},
            {"quota_seconds": 0},
            {"latency_ms": -1},
            {"lag_seconds": -1},
            {"token_calls": 0},
            {"speed": 0},
            {"hidden": 1.1},
            {"hidden": -0.1},
            {"hidden": 26},
            {"hidden": -1},
            {"hidden": True},
            {"hidden": "FSUID_0"},
            {"hidden": ["FSUID_0"]},
            {"locked": ["FSUID_0"]},
        ],
    )
    def test_argument_out_of_range_is_a_value_error_that_names_it(
        self, options: dict[str, Any]
    ) -> None:
        """It is a ValueError that names the argument."""
        name = next(iter(options))
        with pytest.raises(ValueError, match=name):
            Sandbox(**options)

    def test_members_can_be_locked_in_any_profile(self) -> None:
        """A number of them; no member is hidden and locked by chance."""
        sandbox = Sandbox(members=10, hidden=5, locked=5)
        assert len(sandbox.hidden | sandbox.locked) == 10


class TestSilence:
    def test_no_value_of_other_objects_in_any_repr_or_refusal(self, talk: Any) -> None:
        """Departments, generic records and the other offline calls repeat nothing either."""
        sandbox = Sandbox(members=2, objects={"AccountObj": 1})
        to, canary, someone = talk(sandbox), "CANARY13800138000", sandbox.open_user_ids[0]
        user = {"openUserId": someone, "name": canary, "qq": canary, "mobile": canary}
        assert to.flat("/cgi/user/update", user=user)["errorCode"] == 0
        made = to.edit("create", "AccountObj", name=canary)
        to.edit("update", "AccountObj", _id=made["dataId"], name=canary)
        to.edit("update", "DepartmentObj", _id="1001", name=canary)
        tenant = sandbox._tenant  # noqa: SLF001  What it is made of.
        tables = [tenant.people, tenant.departments, tenant.generic("AccountObj")]
        rows = [row for table in tables for row, _ in table.records(0.0)]
        shown = repr([sandbox, tenant, tables, rows, sandbox.updates])
        name = "AccountObj"
        refusals = [
            *(to.flat("/cgi/user/update", user={**user, key: [canary]}) for key in user),
            to.flat("/cgi/user/update", user={**user, "leaderId": canary}),
            to.flat("/cgi/user/get", openUserId=canary),
            to.flat("/cgi/user/get/batchByUpdTime", startTime=canary),
            to.flat("/cgi/department/detail", departmentId=canary),
            to.flat("/cgi/department/update", department={"id": 1001, "order": canary}),
            to.edit("update", "DepartmentObj", _id="1001", name=canary, status=canary),
            to.edit("update", "DepartmentObj", _id="1001", parent_id=[canary]),
            to.edit("update", "DepartmentObj", _id="1001", manager_id=[canary]),
            to.edit("create", canary, name=canary),
            to.edit("create", name, name=canary, owner=[canary]),
            to.data("invalid", name, object_data_id=canary),
            to.data("delete", name, idList=[made["dataId"]]),
            to.data("changeOwner", name, Data=[{"objectDataId": canary}]),
        ]
        assert all(each["errorCode"] for each in refusals)
        assert canary not in shown + json.dumps(refusals)

    def test_no_secret_in_any_repr_or_refusal(self, talk: Any) -> None:
        """Tokens, secrets, names and phones are in answers to those who may see them only."""
        sandbox = Sandbox(members=3, seed=6)
        to = talk(sandbox)
        rows = to.rows()
        canary = "CANARY13800138000"
        to.update(rows[0]["_id"], name=canary, status="1")
        dispatcher = Dispatcher(sandbox._plan, 0.0, sandbox._traces)  # noqa: SLF001  What it is made of.
        member = dispatcher.tenant.members[0]
        reply = sandbox.handle("POST", "/cgi/x", "", canary.encode())
        tokens = dispatcher.tenant.tokens
        shown = repr([sandbox, sandbox.updates, dispatcher.tenant, member, reply, tokens])
        refusals = [
            to.query(("name", "EQ", canary)),
            to.query((canary, "EQ", ["x"])),
            to.query(("name", canary, ["x"])),
            to.query(("create_time", "GT", [canary])),
            to.update(canary, status="1"),
            to.update(rows[0]["_id"], name=canary, status=canary),
            to.update(rows[0]["_id"], **{canary: 1}),
            to.batch([canary], 1),
            to.batch(canary, 1),
            to.batch(sandbox.open_user_ids, canary),
            to.token(appSecret=canary),
            to.post(f"/cgi/{canary}", {}),
            to.client.post("/_sandbox/faults", json=[{"kind": canary}]).json(),
        ]
        told = shown + json.dumps(refusals, ensure_ascii=False)
        secrets = [sandbox.corp_access_token, sandbox.app_secret, sandbox.permanent_code, canary]
        for row in rows:
            secrets += [row["name"], row["phone"], row["email"]]
        assert [secret for secret in secrets if secret in told] == []
