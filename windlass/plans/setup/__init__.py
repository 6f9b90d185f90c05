"""Making a bare server ready, and taking over one where the app runs by hand."""
