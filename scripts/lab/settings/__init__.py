"""The settings: declared once, read from the environment and .env. Standard library only."""

from lab.settings.environment import given_settings, read_dotenv
from lab.settings.kinds import parse_size
from lab.settings.parse import Settings, parse_settings

__all__ = ["Settings", "given_settings", "parse_settings", "parse_size", "read_dotenv"]
