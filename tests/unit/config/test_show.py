"""`config.show` prints what is in force, as TOML that means the same again."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windlass.config.manual import uncommented
from windlass.config.model import Config
from windlass.config.show import as_json, as_toml

MANUAL = Path(__file__).parents[3] / "config/prompthub.toml"
LEAST = {"app": {"name": "shop", "repository": "x"}}


@pytest.mark.parametrize(
    "text", [MANUAL.read_text(), uncommented(MANUAL.read_text())], ids=["as it is", "in full"]
)
def test_what_is_shown_loads_as_the_same_configuration(text: str) -> None:
    config = Config.model_validate(tomllib.loads(text))
    assert Config.model_validate(tomllib.loads(as_toml(config))) == config
    assert Config.model_validate(json.loads(as_json(config))) == config


@given(value=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_any_text_survives(value: str) -> None:
    config = Config.model_validate({**LEAST, "web": {"env": {"A": value}, "args": [value, "--x"]}})
    assert Config.model_validate(tomllib.loads(as_toml(config))) == config


def test_defaults_are_filled_in_and_whole_seconds_have_no_point() -> None:
    text = as_toml(Config.model_validate(LEAST))
    assert 'root = "/srv/shop"' in text
    assert "\ndrain = 30\n" in text
