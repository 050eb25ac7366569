"""Command lines: shared options and arguments, progress bars, errors without stack traces."""
