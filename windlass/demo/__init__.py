"""The demo: a throwaway server of the current user, visitors, and Windlass driven as a person would drive it."""
