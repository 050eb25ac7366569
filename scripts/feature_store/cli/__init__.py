"""Command lines: the application, its arguments, and errors without stack traces."""
