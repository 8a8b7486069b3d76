"""Generic objects: their life, their owners, and the addresses they answer at."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from shim.sandbox import PROFILES, Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable

PRESET = "/cgi/crm/v2/data/"
CUSTOM = "/cgi/crm/custom/v2/data/"
ERP = "/cgi/crm/erp/data"
ACCOUNT = "AccountObj"
UNKNOWN = "0" * 24
FILTER = ("field_name", "operator", "field_values")

#: verb of the object API -> the ERP call.
ERP_CALLS = {
    "create": ("POST", ERP),
    "update": ("PUT", ERP),
    "delete": ("DELETE", ERP),
    "query": ("POST", f"{ERP}/list"),
    "get": ("POST", f"{ERP}/get"),
    "invalid": ("POST", f"{ERP}/invalid"),
    "recover": ("POST", f"{ERP}/recover"),
    "changeOwner": ("POST", f"{ERP}/changeOwner"),
}


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(members=3, objects={ACCOUNT: 3}, seed=4)


@pytest.fixture
def to(sandbox: Sandbox, talk: Any) -> Any:
    return talk(sandbox)


def asker(to: Any, address: str) -> Callable[..., Any]:
    """Return the way to make a call at an address: a verb, and what stands in ``data``."""

    def ask(verb: str, **data: Any) -> Any:
        method, path = ERP_CALLS[verb] if address == ERP else ("POST", address + verb)
        return to.flat(path, method, currentOpenUserId=to.object["currentOpenUserId"], data=data)

    return ask


class TestLife:
    @pytest.mark.parametrize(
        ("address", "name"),
        [(PRESET, "ErpOrderObj"), (CUSTOM, "thing__c"), (ERP, "ErpOrderObj"), (ERP, "thing__c")],
    )
    def test_record_goes_from_create_to_delete_at_every_address(
        self, sandbox: Sandbox, to: Any, address: str, name: str
    ) -> None:
        """Every verb at every address, and what the record is after it."""
        ask = asker(to, address)
        first, second = sandbox.open_user_ids[:2]
        one = {"dataObjectApiName": name}
        fields = {"name": "A", "amount": 12, "day": None, "tags": ["x"]}
        made = ask("create", object_data={**one, **fields, "owner": [first]})
        record_id = made["dataId"]
        assert len(record_id) == 24
        assert int(record_id, 16)
        start = sandbox.records(name)[record_id]
        assert start == {
            "_id": record_id,
            **fields,
            "owner": [first],
            "life_status": "normal",
            "create_time": start["create_time"],
            "last_modified_time": start["create_time"],
            "version": "1",
        }
        assert ask("get", **one, objectDataId=record_id)["data"] == {
            key: value for key, value in start.items() if key != "day"
        }
        sent = {"_id": record_id, "amount": 13, "new": True}
        assert ask("update", object_data={**one, **sent})["dataId"] == record_id
        owners = [{"objectDataId": record_id, "ownerId": [second]}]
        steps = [
            ("changeOwner", {"Data": owners}),
            ("recover", {"idList": [record_id]}),
            ("invalid", {"object_data_id": record_id}),
            ("recover", {"idList": [record_id, record_id]}),
            ("invalid", {"object_data_id": record_id}),
        ]
        seen = []
        for verb, data in steps:
            assert ask(verb, **one, **data).keys() == {
                "traceId", "errorCode", "errorMessage", "errorDescription",
            }  # fmt: skip
            seen.append(sandbox.records(name)[record_id]["life_status"])
        assert seen == ["normal", "normal", "invalid", "normal", "invalid"]
        end = sandbox.records(name)[record_id]
        assert (end["amount"], end["new"], end["owner"], end["version"]) == (
            13,
            True,
            [second],
            "6",
        )
        assert end["last_modified_time"] > start["last_modified_time"]
        (row,) = ask("query", **one, search_query_info={})["data"]["dataList"]
        assert row["life_status"] == "invalid"
        assert ask("delete", **one, idList=[record_id])["errorCode"] == 0
        assert sandbox.records(name) == {}
        assert ask("query", **one)["data"]["dataList"] == []
        assert ask("get", **one, objectDataId=record_id)["data"] == {}
        assert ask("invalid", **one, object_data_id=record_id)["errorCode"] == 30027
        (update,) = sandbox.updates
        assert (update.api_name, update.fields) == (name, {"amount": 13, "new": True})

    def test_record_without_owner_belongs_to_the_acting_employee(
        self, sandbox: Sandbox, to: Any
    ) -> None:
        """Without ``owner``."""
        record_id = to.edit("create", ACCOUNT)["dataId"]
        assert sandbox.records(ACCOUNT)[record_id]["owner"] == [sandbox.current_open_user_id]

    def test_any_field_can_be_searched(self, to: Any) -> None:
        """Any field can be asked for; filters, orders and pages are those of employees."""
        ids = [to.edit("create", ACCOUNT, size=size)["dataId"] for size in (3, 10**400, 7)]
        by_size = [{"fieldName": "size", "isAsc": False}]
        rows = to.listed(ACCOUNT, ("size", "GT", ["1"]), orders=by_size)
        assert [row["_id"] for row in rows] == [ids[1], ids[2], ids[0]]
        assert to.listed(ACCOUNT, ("nothing", "EQ", ["1"])) == []
        (row,) = to.listed(ACCOUNT, ("_id", "EQ", [ids[0]]), fieldProjection=["size"])
        assert row == {"size": 3}
        by_id = [{"fieldName": "_id"}]
        everything = [row["_id"] for row in to.listed(ACCOUNT, orders=by_id)]
        assert everything == sorted(everything)
        assert {*ids} < {*everything}
        assert [row["_id"] for row in to.listed(ACCOUNT)] != everything
        beyond = to.listed(ACCOUNT, ("_id", "GT", [everything[3]]), orders=by_id)
        assert [row["_id"] for row in beyond] == everything[4:]

    def test_half_a_character_comes_back(self, to: Any) -> None:
        """What JSON can carry comes back."""
        content = b'{"data":{"object_data":{"dataObjectApiName":"AccountObj","a":"\\ud800"}},'
        content += str(to.object).replace("'", '"').encode()[1:]
        assert to.client.post(f"{PRESET}create", content=content).json()["errorCode"] == 0
        assert "\ud800" in {row.get("a") for row in to.listed(ACCOUNT)}


class TestRefusals:
    @pytest.fixture
    def ids(self, sandbox: Sandbox) -> list[str]:
        return [*sandbox.records(ACCOUNT)]

    @pytest.mark.parametrize("address", [PRESET, ERP])
    @pytest.mark.parametrize(
        ("verb", "data", "code"),
        [
            ("create", {"object_data": {"_id": "1"}}, 32000),
            ("create", {"object_data": {"version": "1"}}, 32000),
            ("create", {"object_data": {"life_status": 5}}, 32000),
            ("create", {"object_data": {"create_time": 1}}, 32000),
            ("create", {"object_data": {"owner": []}}, 32000),
            ("create", {"object_data": {"owner": ["FSUID_0"]}}, 20012),
            ("create", {"object_data": None}, 32000),
            ("update", {"object_data": {"_id": UNKNOWN}}, 30027),
            ("update", {"object_data": {"_id": "FIRST", "owner": ["ME"]}}, 32000),
            ("update", {"object_data": {"_id": "FIRST", "life_status": "normal"}}, 32000),
            ("get", {"objectDataId": ""}, 32000),
            ("invalid", {"object_data_id": None}, 32000),
            ("invalid", {"object_data_id": UNKNOWN}, 30027),
            ("invalid", {"object_data_id": "INVALID"}, 32000),
            ("recover", {"idList": []}, 32000),
            ("recover", {"idList": "INVALID"}, 32000),
            ("recover", {"idList": [7]}, 32000),
            ("recover", {"idList": ["INVALID", UNKNOWN]}, 30027),
            ("delete", {"idList": None}, 32000),
            ("delete", {"idList": ["INVALID", "FIRST"]}, 32000),
            ("delete", {"idList": ["INVALID", UNKNOWN]}, 30027),
            ("invalid", {"object_data_id": "FIRST", "dataObjectApiName": 5}, 32000),
            ("changeOwner", {"Data": None}, 32000),
            ("changeOwner", {"Data": ["FIRST"]}, 32000),
            ("changeOwner", {"Data": [{"objectDataId": "FIRST"}]}, 32000),
            ("changeOwner", {"Data": [{"objectDataId": "FIRST", "ownerId": "ME"}]}, 32000),
            ("changeOwner", {"Data": [{"objectDataId": "FIRST", "ownerId": ["ME", "ME"]}]}, 32000),
            ("changeOwner", {"Data": [{"objectDataId": UNKNOWN, "ownerId": ["ME"]}]}, 30027),
            (
                "changeOwner",
                {
                    "Data": [
                        {"objectDataId": "FIRST", "ownerId": ["ME"]},
                        {"objectDataId": "INVALID", "ownerId": ["FSUID_0"]},
                    ]
                },
                20012,
            ),
        ],
    )
    def test_refused_call_changes_nothing(  # noqa: PLR0913, PLR0917  A table of cases.
        self,
        sandbox: Sandbox,
        to: Any,
        ids: list[str],
        address: str,
        verb: str,
        data: Any,
        code: int,
    ) -> None:
        """All is looked at before anything is done."""
        to.data("invalid", ACCOUNT, object_data_id=ids[1])
        before = sandbox.records(ACCOUNT)
        real = {"FIRST": ids[0], "INVALID": ids[1], "ME": sandbox.open_user_ids[0]}

        def filled(value: Any) -> Any:
            if isinstance(value, dict):
                return {key: filled(each) for key, each in value.items()}
            if isinstance(value, list):
                return [filled(each) for each in value]
            return real.get(value, value)

        sent = filled(data)
        name = {"dataObjectApiName": ACCOUNT}
        if isinstance(sent.get("object_data"), dict):
            sent["object_data"] |= name
        assert asker(to, address)(verb, **{**name, **sent})["errorCode"] == code
        assert sandbox.records(ACCOUNT) == before

    @pytest.mark.parametrize("verb", ERP_CALLS)
    @pytest.mark.parametrize(
        ("address", "names"),
        [
            (PRESET, ["thing__c", "Account", "", None, 7, "a b Obj"]),
            (CUSTOM, ["Account", "thing", "", None]),
            (ERP, ["PersonnelObj", "DepartmentObj", "Account"]),
        ],
    )
    def test_object_of_another_address_is_32000(
        self, to: Any, verb: str, address: str, names: list[Any]
    ) -> None:
        """A name of the wrong family, or of none, is 32000."""
        for name in names:
            one = {"dataObjectApiName": name}
            answer = asker(to, address)(verb, **one, object_data=one)
            assert answer["errorCode"] == 32000

    @pytest.mark.parametrize("verb", ERP_CALLS)
    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"corpAccessToken": None, "corpId": None}, 10013),
            ({"corpId": ""}, 10014),
            ({"currentOpenUserId": None}, 10010),
            ({"corpAccessToken": "never given"}, 20016),
            ({"corpId": "FSCID_0"}, 11015),
            ({"currentOpenUserId": "FSUID_0"}, 20012),
            ({"data": None}, 32000),
        ],
    )
    def test_credentials_are_checked_alike_at_every_address(
        self, to: Any, verb: str, change: Any, code: int
    ) -> None:
        """They are checked alike at every verb and address."""
        for address in (PRESET, CUSTOM, ERP):
            method, path = ERP_CALLS[verb] if address == ERP else ("POST", address + verb)
            body = {**to.object, "data": {}, **change}
            assert to.flat(path, method, **body)["errorCode"] == code

    @pytest.mark.parametrize(
        "objects", [{"Account": 1}, {"PersonnelObj": 1}, {"AccountObj": -1}, {"DepartmentObj": 0}]
    )
    def test_objects_takes_generic_objects_only(self, objects: dict[str, int]) -> None:
        """Only generic objects can be asked for."""
        with pytest.raises(ValueError, match="objects"):
            Sandbox(objects=objects)


class TestOwners:
    @pytest.mark.parametrize("form", [lambda each: [each], "[{}]".format, "[ {} ]".format])
    def test_owner_is_a_list_or_the_printed_string(
        self, sandbox: Sandbox, to: Any, form: Any
    ) -> None:
        """A list, or the string one page prints."""
        first, second = [*sandbox.records(ACCOUNT)][:2]
        someone, other = sandbox.open_user_ids[:2]
        changes = [
            {"objectDataId": first, "ownerId": form(someone)},
            {"objectDataId": second, "ownerId": form(other)},
        ]
        assert to.data("changeOwner", ACCOUNT, Data=changes)["errorCode"] == 0
        owners = {key: each["owner"] for key, each in sandbox.records(ACCOUNT).items()}
        assert (owners[first], owners[second]) == ([someone], [other])


class TestStock:
    @pytest.mark.parametrize("profile", PROFILES)
    def test_objects_are_there_from_the_start(self, profile: str, talk: Any, time: Any) -> None:
        """In every profile, the same with the same seed, and after a reset."""
        options: dict[str, Any] = {"objects": {ACCOUNT: 4, "thing__c": 1}, "profile": profile}
        sandbox, twin = (Sandbox(**options, lag_seconds=10**6, clock=time) for _ in range(2))
        assert len(talk(sandbox).listed(ACCOUNT)) == 4
        before = sandbox.records(ACCOUNT)
        assert before == twin.records(ACCOUNT)
        assert all(each["owner"][0] in sandbox.open_user_ids for each in before.values())
        time.pass_(60)
        sandbox.reset()
        assert sandbox.records(ACCOUNT) == before
        assert len(sandbox.records("thing__c")) == 1
        assert sandbox.records("OtherObj") == {}

    def test_administrator_owns_the_records_of_a_tenant_without_members(self) -> None:
        """The administrator owns it."""
        sandbox = Sandbox(members=0, objects={ACCOUNT: 1})
        (record,) = sandbox.records(ACCOUNT).values()
        assert record["owner"] == [sandbox.current_open_user_id]

    def test_records_shows_employees_and_departments(self, sandbox: Sandbox) -> None:
        """People and departments are records, too."""
        assert {each["user_id"] for each in sandbox.records("PersonnelObj").values()} == {
            *sandbox.open_user_ids
        }
        assert len(sandbox.records("DepartmentObj")) == 8


class TestProfiles:
    def test_lagging_query_shows_created_and_deleted_records_later(
        self, talk: Any, time: Any
    ) -> None:
        """Query shows what was made, and what was deleted, later."""
        to = talk(Sandbox(profile="lagging", lag_seconds=3, clock=time))
        record_id = to.edit("create", ACCOUNT)["dataId"]
        assert to.data("get", ACCOUNT, objectDataId=record_id)["data"]["_id"] == record_id
        assert to.listed(ACCOUNT) == []
        time.pass_(3)
        assert len(to.listed(ACCOUNT)) == 1
        to.data("invalid", ACCOUNT, object_data_id=record_id)
        to.data("delete", ACCOUNT, idList=[record_id])
        assert to.data("get", ACCOUNT, objectDataId=record_id)["data"] == {}
        assert len(to.listed(ACCOUNT)) == 1
        time.pass_(3)
        assert to.listed(ACCOUNT) == []

    def test_read_only_tenant_keeps_writes_of_generic_objects(self, talk: Any) -> None:
        """Generic objects keep what is written in ``read_only`` as well."""
        to = talk(Sandbox(profile="read_only", objects={ACCOUNT: 1}))
        (record_id,) = to.sandbox.records(ACCOUNT)
        to.edit("update", ACCOUNT, _id=record_id, name="new")
        assert to.sandbox.records(ACCOUNT)[record_id]["name"] == "new"

    def test_strict_tenant_reports_unknown_records(self, talk: Any) -> None:
        """An unknown record is named."""
        to = talk(Sandbox(profile="strict"))
        assert to.data("get", ACCOUNT, objectDataId=UNKNOWN)["errorCode"] == 30027


class TestFaults:
    @pytest.mark.parametrize("address", [PRESET, ERP])
    def test_no_op_answers_writes_with_0_and_changes_nothing(
        self, sandbox: Sandbox, to: Any, address: str
    ) -> None:
        """Every write answers as if it were done, and nothing is."""
        ask, (first, second, _) = asker(to, address), sandbox.records(ACCOUNT)
        to.data("invalid", ACCOUNT, object_data_id=second)
        before = sandbox.records(ACCOUNT)
        sandbox.add_faults({"kind": "no_op"})
        one = {"dataObjectApiName": ACCOUNT}
        owners = [{"objectDataId": first, "ownerId": [sandbox.open_user_ids[0]]}]
        answers = [
            ask("create", object_data=one),
            ask("update", object_data={**one, "_id": first, "name": "x"}),
            ask("invalid", **one, object_data_id=first),
            ask("recover", **one, idList=[second]),
            ask("delete", **one, idList=[second]),
            ask("changeOwner", **one, Data=owners),
        ]
        assert [each["errorCode"] for each in answers] == [0] * 6
        assert len(answers[0]["dataId"]) == 24
        assert sandbox.records(ACCOUNT) == before

    @pytest.mark.parametrize("address", [PRESET, ERP])
    def test_fault_for_one_record_hits_the_calls_about_it(
        self, sandbox: Sandbox, to: Any, address: str
    ) -> None:
        """The calls that name it, or would list it."""
        ask, (first, second, _) = asker(to, address), sandbox.records(ACCOUNT)
        sandbox.add_faults({"kind": "error", "code": 7, "only": [first]})
        one = {"dataObjectApiName": ACCOUNT}
        for record_id, code in ((first, 7), (second, 0)):
            owners = [{"objectDataId": record_id, "ownerId": [sandbox.open_user_ids[0]]}]
            by_id = {"filters": [dict(zip(FILTER, ("_id", "EQ", [record_id]), strict=True))]}
            answers = [
                ask("get", **one, objectDataId=record_id),
                ask("query", **one, search_query_info=by_id),
                ask("update", object_data={**one, "_id": record_id}),
                ask("invalid", **one, object_data_id=record_id),
                ask("recover", **one, idList=[record_id]),
                ask("changeOwner", **one, Data=owners),
            ]
            assert [each["errorCode"] for each in answers] == [code] * 6
        assert ask("create", object_data=one)["errorCode"] == 0

    def test_hide_rows_leaves_records_out_at_both_addresses(
        self, sandbox: Sandbox, to: Any
    ) -> None:
        """Out of a list, at both addresses."""
        first, *others = sandbox.records(ACCOUNT)
        sandbox.add_faults({"kind": "hide_rows", "only": [first]})
        for address in (PRESET, ERP):
            answer = asker(to, address)("query", dataObjectApiName=ACCOUNT)
            assert {row["_id"] for row in answer["data"]["dataList"]} == {*others}


class TestDoors:
    @pytest.mark.parametrize("transport", ["transport", "async transport", "asgi", "socket"])
    def test_method_reaches_the_sandbox_by_every_transport(self, transport: str) -> None:
        """POST creates, PUT updates, DELETE deletes, at one path."""
        sandbox = Sandbox(members=1)
        one = {"dataObjectApiName": "ErpOrderObj"}
        body = {
            "corpAccessToken": sandbox.corp_access_token,
            "corpId": sandbox.corp_id,
            "currentOpenUserId": sandbox.current_open_user_id,
        }

        async def later(app: Any, method: str, sent: Any) -> httpx.Response:
            async with httpx.AsyncClient(transport=app, base_url=sandbox.base_url) as client:
                return await client.request(method, ERP, json=sent)

        def call(method: str, **data: Any) -> Any:
            sent = {**body, "data": data}
            if transport == "transport":
                with httpx.Client(transport=sandbox.transport(), base_url="http://x") as client:
                    return client.request(method, ERP, json=sent).json()
            if transport == "socket":
                with sandbox.serve() as url, httpx.Client(base_url=url, trust_env=False) as client:
                    return client.request(method, ERP, json=sent).json()
            asgi = httpx.ASGITransport(app=sandbox.app())
            app: Any = asgi if transport == "asgi" else sandbox.transport()
            return asyncio.run(later(app, method, sent)).json()

        record_id = call("POST", object_data={**one, "name": "A"})["dataId"]
        assert (
            call("PUT", object_data={**one, "_id": record_id, "name": "B"})["dataId"] == record_id
        )
        assert sandbox.records("ErpOrderObj")[record_id]["name"] == "B"
        assert call("DELETE", **one, idList=[record_id])["errorCode"] == 32000
        assert call("PATCH", **one)["errorCode"] == 10006
        assert sandbox.calls() == {ERP: {"count": 4, "throttled": 0}}
