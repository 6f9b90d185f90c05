"""SQL as text: statements, and what they make and drop."""

from windlass.sql.changes import Change, changes
from windlass.sql.statements import Statement, statements

__all__ = ["Change", "Statement", "changes", "statements"]
