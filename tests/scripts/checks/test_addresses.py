"""Lines that say where packages come from are named."""

from pathlib import Path

import pytest

from scripts.checks.addresses import find_addresses


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [
        pytest.param(
            "requirements/api.txt", "flask==3.1.3 \\\n    --hash=sha256:00\n", [], id="versions and hashes"
        ),
        pytest.param(
            "requirements/api.txt",
            "flask==3.1.3\n--index-url file:///wheels\n",
            ["requirements/api.txt:2: requirements hold names, versions and hashes only"],
            id="index",
        ),
        pytest.param(
            "requirements/api.txt",
            "flask @ https://example.org/flask.whl\n",
            ["requirements/api.txt:1: requirements hold names, versions and hashes only"],
            id="address",
        ),
        pytest.param("README.md", "See https://example.org\n", [], id="address in a text"),
        pytest.param(
            "README.md", "from p" + "ypi.org\n", ["README.md:1: names a package registry"], id="registry"
        ),
        pytest.param(
            "Dockerfile",
            "\nRUN x deb." + "debian.org\n",
            ["Dockerfile:2: names a package registry"],
            id="mirror",
        ),
    ],
)
def test_addresses(path: str, text: str, found: list[str]) -> None:
    assert list(find_addresses(Path(path), text)) == found
