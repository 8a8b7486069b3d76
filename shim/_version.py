"""The version; pyproject.toml reads it here, `shim.__version__` and the user agent are it."""

__version__ = "0.2.0"
