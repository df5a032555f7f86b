"""docs/permissions.md is what the permission matrix prints."""

from __future__ import annotations

from scripts import print_permissions


def test_page__is_what_the_matrix_prints() -> None:
    assert print_permissions.PAGE.read_text() == print_permissions.page(), "Run scripts/print_permissions.py --write."
