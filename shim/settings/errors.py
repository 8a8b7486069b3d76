"""What is raised when the installation is wrong."""


class ConfigurationError(Exception):
    """The installation is wrong, not the call: raised where no old-shape answer would be true."""
