"""How `fab` and `windlass` behave: what is typed, listed, completed and explained.

Imports nothing of its own modules: `fabfile.py` takes `bytecode` before anything else is imported.
"""
