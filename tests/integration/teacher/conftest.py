"""The fixture through which these tests ask a served teacher."""

import pytest

from tests.support.served_gateway import OpenDesk, open_desk


@pytest.fixture
def desk() -> OpenDesk:
    """Opens a desk: `async with desk("429=5%", transport="sdk") as it`."""
    return open_desk
