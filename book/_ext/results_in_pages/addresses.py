"""Where the report's repository and its pages are on the web, as far as that is known."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from sphinx.config import Config


def repository(config: Config) -> str:
    """Where the book's repository is on the web, or nothing if it is not said.

    On GitHub the repository that a workflow runs for, so that a fork links to its own code.
    """
    if name := os.environ.get("GITHUB_REPOSITORY"):
        return f"https://github.com/{name}"
    return getattr(config, "html_theme_options", {}).get("repository_url", "").rstrip("/")


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
    owner, name = parts.path.strip("/").split("/")
    host = f"{owner.lower()}.github.io"
    return f"https://{host}/" + ("" if name.lower() == host else f"{name}/")
