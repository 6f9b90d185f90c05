"""One app's configuration: what it may hold, where it is read from, what is wrong with it."""
