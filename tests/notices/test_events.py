"""The events."""

import dataclasses

import pytest

from shim.notices import (
    NoticeEvent,
    OfflineAPICalled,
    OfflineCallFinished,
    OfflineUsageSummarized,
    emit,
)

FINISHED = OfflineCallFinished(
    code="FXO001",
    function="set_status",
    mode="object",
    reason="mode",
    caller_file="/app/hr.py",
    caller_line=3,
    caller_module="hr",
    caller_function="leave",
    site=1,
    calls=4,
    members=3,
    changed=1,
    unchanged=1,
    failed=1,
    accepted=0,
    planned=0,
    api_calls={"/cgi/crm/v2/data/query": 2},
    seconds=1.23456,
    error_code=20012,
    trace_id="E-O.1",
    trace_id_count=2,
)


class TestEvents:
    @pytest.mark.parametrize(
        ("kind", "name", "level"),
        [
            (OfflineAPICalled, "shim.offline_api_called", "warning"),
            (OfflineCallFinished, "shim.offline_call_finished", "info"),
            (OfflineUsageSummarized, "shim.offline_usage_summarized", "warning"),
        ],
    )
    def test_names_and_levels(self, kind, name, level):
        """Names and levels are what log searches and alerts are built on."""
        assert (kind.name, kind.level) == (name, level)
        assert not {"name", "level"} & {field.name for field in dataclasses.fields(kind)}

    def test_fields_in_order(self):
        """By name in the order of their declaration, then in which process it was, and when."""
        declared = [field.name for field in dataclasses.fields(FINISHED)]
        assert list(FINISHED.fields()) == [*declared[3:], *declared[:3]]
        assert declared[:3] == ["service", "instance", "at"]
        assert list(FINISHED.fields()) == list(OfflineCallFinished.field_names())
        assert FINISHED.fields()["api_calls"] == {"/cgi/crm/v2/data/query": 2}

    def test_seconds_are_rounded(self):
        """A duration is given to the millisecond."""
        assert FINISHED.seconds == 1.235

    def test_frozen_and_slotted(self):
        """An event is a value."""
        with pytest.raises(dataclasses.FrozenInstanceError):
            FINISHED.failed = 0
        assert not hasattr(FINISHED, "__dict__")

    def test_other_rooms_add_kinds(self, events):
        """A new kind of event needs nothing but its class."""

        @dataclasses.dataclass(frozen=True, slots=True)
        class Weather(NoticeEvent):
            name = "shim.weather_changed"
            level = "info"

            fair: bool

        emit(Weather(fair=True))
        (event,) = events
        assert event.name == "shim.weather_changed"
        assert next(iter(event.fields().items())) == ("fair", True)
