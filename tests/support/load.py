"""The visitors: those of the demo."""

from windlass.demo.account import Report
from windlass.demo.load import Load
from windlass.demo.pages import assets_of

__all__ = ["Load", "Report", "assets_of"]
