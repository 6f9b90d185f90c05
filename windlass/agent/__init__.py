"""What runs on the server: standard library only, Python 3.9 and later, no import of the rest of windlass.

The client sends this package as text over the SSH channel; `serve.main` is where it begins.
"""
