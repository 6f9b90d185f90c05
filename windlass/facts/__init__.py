"""Facts: one module a noun, each with its question and the parser of the answer."""

from windlass.question import Answer, Question

__all__ = ["Answer", "Question"]
