"""What is raised when the installation is wrong."""


class ConfigurationError(Exception):
    """The installation is wrong, not the call: raised where no old-shape answer would be true."""

    def __str__(self) -> str:
        """Return what is wrong and what to do.

        Paths and names of variables may hold bytes that are no text; printing those would fail.
        """
        return super().__str__().encode("utf-8", "backslashreplace").decode()
