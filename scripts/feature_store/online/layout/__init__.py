"""The layout of the online store: keys, value types, packed rows, and metadata."""
