"""The answer is the old dict, and carries the rest along wherever it goes."""

import copy
import json
import pickle
import subprocess
import sys
from typing import get_args

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError
from typing_extensions import get_type_hints, is_typeddict

import shim
from shim.offline import ENDPOINTS, answers
from shim.offline.answer import Answer


@pytest.fixture
def answer(tenant):
    """Return the answer of a call of which one member of two fails."""
    made = tenant(2)
    ids = [made.open_user_ids[0], "FSUID_NOBODY"]
    return shim.set_member_status_batch(made.corp_access_token, made.corp_id, ids, 1)


def test_it_is_the_documented_dict(answer):
    """Equal to it, dumped like it, four keys in their order."""
    plain = dict(answer)
    assert isinstance(answer, dict)
    assert answer == plain
    assert json.dumps(answer) == json.dumps(plain)
    assert list(answer) == ["traceId", "errorDescription", "errorMessage", "errorCode"]
    assert answer["errorMessage"].startswith("1 of 2 failed: ")


@pytest.mark.parametrize(
    "carried",
    [lambda one: pickle.loads(pickle.dumps(one)), copy.copy, copy.deepcopy],
    ids=["pickle", "copy", "deepcopy"],
)
def test_outcomes_come_along(answer, carried):
    """To another process, say."""
    other = carried(answer)
    assert other == answer
    assert type(other) is shim.Answer
    assert other.outcomes == answer.outcomes
    assert other.api_calls == answer.api_calls
    assert [outcome.state for outcome in other.outcomes] == ["changed", "failed"]


def test_answers_share_no_outcomes():
    """What an answer without outcomes shows is not a place to put some."""
    with pytest.raises(AttributeError):
        shim.Answer().outcomes.append("x")
    with pytest.raises(TypeError):
        shim.Answer().api_calls["x"] = 1


def paths(shape, prefix=""):
    """Yield the names in a TypedDict, nested ones as the loss report writes them."""
    for name, hint in get_type_hints(shape).items():
        yield prefix + name
        for inner, mark in ((hint, "."), (next(iter(get_args(hint)), None), "[].")):
            if is_typeddict(inner):
                yield from paths(inner, f"{prefix}{name}{mark}")


@pytest.mark.parametrize("endpoint", ENDPOINTS.values(), ids=ENDPOINTS)
class TestShapes:
    """What a call returns is a class of its own, by what it holds."""

    def test_the_keys_are_the_declared_fields(self, endpoint):
        """The shape names what the loss report names, and nothing else, to the last level."""
        shapes = (answers.shapes.Envelope, endpoint.returns.facts)
        assert sorted(path for shape in shapes for path in paths(shape)) == sorted(endpoint.answer)

    def test_each_call_returns_its_class(self, endpoint, call):
        """Also when it refuses; the signature names it."""
        shim.configure(notices="ignore")
        assert type(call(endpoint.name)) is endpoint.returns
        assert (
            getattr(shim, endpoint.name).__signature__.return_annotation
            == endpoint.returns.__name__
        )


def test_there_is_no_class_that_no_call_returns():
    """A shape that is left over would be documented for nothing."""
    classes = {one for one in vars(answers).values() if isinstance(one, type)}
    assert classes == {endpoint.returns for endpoint in ENDPOINTS.values()}


def test_what_an_answer_carries_comes_into_its_class(tenant):
    """Outcomes and counts are those of the call."""
    made = tenant(1)
    data = {"object_data": {"dataObjectApiName": "AccountObj", "name": "A"}}
    answer = shim.create_preset_object(made.corp_access_token, made.corp_id, None, data)
    assert [one.open_user_id for one in answer.outcomes] == [answer["dataId"]]
    assert sum(answer.api_calls.values()) == 1


class TestPydantic:
    """An answer is a field type, and so FastAPI's return type."""

    def model(self, shape=Answer):
        class Model(BaseModel):
            answer: shape

        return Model

    def test_an_answer_stays_as_it_is(self, answer):
        """With its outcomes."""
        assert self.model()(answer=answer).answer is answer

    def test_a_dict_becomes_an_answer(self, answer):
        """It is checked by the documented keys; their absence is an error."""
        plain = dict(answer)
        made = self.model()(answer=plain).answer
        assert (type(made), made) == (Answer, answer)
        for key in plain:
            lacking = {name: value for name, value in plain.items() if name != key}
            with pytest.raises(ValidationError, match=f"answer.{key}\n.*required"):
                self.model()(answer=lacking)
        with pytest.raises(ValidationError, match="valid integer"):
            self.model()(answer={**plain, "errorCode": "none"})

    def test_json_is_read_and_written_alike(self, answer):
        """The documented keys in their order, and no attribute."""
        model = self.model()
        text = model(answer=answer).model_dump_json()
        assert json.loads(text) == {"answer": json.loads(json.dumps(answer))}
        assert list(json.loads(text)["answer"]) == list(answer)
        assert model.model_validate_json(text).answer == answer
        assert model(answer=answer).model_dump() == {"answer": dict(answer)}

    def test_an_answer_of_another_class_brings_its_attributes(self, answer):
        """A plain answer fits where nothing more is required."""
        made = self.model(answers.DepartmentListAnswer)(answer=answer).answer
        assert type(made) is answers.DepartmentListAnswer
        assert (made, made.outcomes) == (answer, answer.outcomes)

    def test_what_is_beside_the_documented_keys_is_kept(self, answer):
        """Nested as well: an old service may send more than its pages say."""
        row = {"id": 1, "name": "A", "parentId": 0, "isStop": False, "order": 0, "more": 1}
        plain = {**answer, "departments": [row], "more": 2}
        model = self.model(answers.DepartmentListAnswer)
        assert model(answer=plain).model_dump() == {"answer": plain}
        with pytest.raises(ValidationError, match=r"departments\.0\.isStop"):
            model(answer={**plain, "departments": [{**row, "isStop": "perhaps"}]})

    @pytest.mark.parametrize("mode", ["validation", "serialization"])
    @pytest.mark.parametrize("endpoint", ENDPOINTS.values(), ids=ENDPOINTS)
    def test_the_json_schema_names_the_documented_keys(self, endpoint, mode):
        """The envelope is required; the rest is there on success only."""
        schema = TypeAdapter(endpoint.returns).json_schema(mode=mode)
        outer = {name for name in endpoint.answer if not set(".[") & set(name)}
        assert set(schema["properties"]) == outer
        assert set(schema["required"]) == set(get_type_hints(answers.shapes.Envelope))
        assert schema["title"] == endpoint.returns.__name__
        assert schema["properties"]["errorCode"]["type"] == "integer"

    def test_pydantic_is_loaded_by_those_who_use_it(self):
        """Importing the package, and reading an answer, is not use."""
        code = (
            "import sys, shim; shim.Answer(errorCode=0)['errorCode']\n"
            "print([one for one in sys.modules if one.startswith('pydantic')])"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        assert done.stdout == "[]\n"
