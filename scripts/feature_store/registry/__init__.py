"""The registry: what the project declares, as dbt's manifest has it."""
