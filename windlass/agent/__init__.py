"""What runs on the server: standard library only, Python 3.9 and later, no import of the rest of windlass.

The client sends this package as text over the SSH channel; `session.main` is where it begins.
"""
