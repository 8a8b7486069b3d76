"""The warning."""

import copy
import pickle

from shim.notices import OfflineAPIDeprecationWarning

WARNING = OfflineAPIDeprecationWarning(
    "FXO001", "set_status", "PersonnelObj update", "fxshim explain FXO001"
)


class TestOfflineAPIDeprecationWarning:
    def test_text_says_all(self):
        """The text starts with the code, and names function, replacement and address."""
        assert str(WARNING) == (
            "FXO001: set_status is a deprecated offline call; "
            "use PersonnelObj update instead, see `fxshim explain FXO001`"
        )

    def test_is_a_deprecation_warning(self):
        """Filters for DeprecationWarning reach it."""
        assert isinstance(WARNING, DeprecationWarning)

    def test_warning_is_pickled_and_copied_with_its_attributes(self):
        """It is pickled and copied with all of its attributes."""
        for twin in (pickle.loads(pickle.dumps(WARNING)), copy.copy(WARNING)):
            assert type(twin) is OfflineAPIDeprecationWarning
            assert str(twin) == str(WARNING)
            assert (twin.code, twin.function, twin.replacement, twin.address) == WARNING.args
