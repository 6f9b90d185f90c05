"""What a command does about what was seen: every refusal and note of that command, and its plans.

One module per command, each with a pure `decide`. A refusal is raised, of several hosts together.
"""
