"""An app's configuration from its repository: files in, settings with their sources, a commented text out.

Nothing of the repository is ever run; what cannot be told for certain by reading is marked CHECK.
"""
