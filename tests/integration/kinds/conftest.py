"""The kinds run at the workplace of the engine's tests."""

from tests.integration.engine.conftest import workplace as workplace
