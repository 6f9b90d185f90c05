"""The visitors: those of the demo."""

from windlass.demo.load import Load, Report, assets_of

__all__ = ["Load", "Report", "assets_of"]
