"""Where the report's repository and its pages are on the web, as far as that is known."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from sphinx.config import Config
from sphinx.errors import ConfigError


def repository(config: Config) -> str:
    """Where the book's repository is on the web, or nothing if it is not said.

    On GitHub the repository that a workflow runs for, so that a fork links to its own code.
    """
    if name := os.environ.get("GITHUB_REPOSITORY"):
        return f"https://github.com/{name}"
    address = getattr(config, "html_theme_options", {}).get("repository_url", "")
    return address.rstrip("/").removesuffix(".git")


def site(config: Config) -> str:
    """Where the pages are, with a slash at the end, or nothing if it is not known.

    What ``baseurl`` under ``html`` in ``_config.yml`` says, or where GitHub publishes the pages
    of that repository.
    """
    if config.html_baseurl:
        return config.html_baseurl.rstrip("/") + "/"
    parts = urlsplit(repository(config))
    if parts.netloc != "github.com":
        return ""
    owner, _, name = parts.path.strip("/").partition("/")
    if not name or "/" in name:
        raise ConfigError(
            f"repository.url in _config.yml must be https://github.com/OWNER/NAME; "
            f"got {repository(config)!r}"
        )
    host = f"{owner.lower()}.github.io"
    return f"https://{host}/" + ("" if name.lower() == host else f"{name}/")
