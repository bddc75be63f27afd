"""The configurations of the gallery that a change is not tried on train to the numbers of `fit`: nightly."""

from __future__ import annotations

import pytest
from test_gallery import AGAINST_FIT, OF_EACH_KIND, check_against_fit


@pytest.mark.parametrize("name", sorted(AGAINST_FIT - OF_EACH_KIND))
def test_a_configuration_trains_to_the_numbers_of_fit(name: str) -> None:
    check_against_fit(name)
