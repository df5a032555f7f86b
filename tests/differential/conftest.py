from __future__ import annotations

import pytest

from tests.differential.evm import Exchange, deployed


@pytest.fixture(scope="session")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Exchange:
    return deployed(tmp_path_factory.mktemp("differential"))
