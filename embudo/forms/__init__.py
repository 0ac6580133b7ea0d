"""Forms: built here, shown on pages anywhere, and what people write in them becomes facts of the log."""
