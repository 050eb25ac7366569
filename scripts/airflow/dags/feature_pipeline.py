"""The feature pipeline as an Airflow 3 DAG; docs/operate/airflow.md has its tasks and settings."""

from feature_pipeline_parts.pipeline import feature_pipeline
from feature_pipeline_parts.settings import read_settings

# Another deployment is another file such as this one, with a dag_id and a prefix of its own.
dag = feature_pipeline("feature_pipeline", read_settings("FEATURE_PIPELINE"))
