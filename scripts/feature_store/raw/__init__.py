"""Extract and load: files into the raw schema, as received."""
