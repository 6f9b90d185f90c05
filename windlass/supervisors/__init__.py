"""What keeps processes running, and what a person would type for it; the agent has each one's acts too."""
