"""What the store said at some time, and why: time travel and the lineage of one value."""

from feature_store.explain.explain import explain_feature
from feature_store.explain.explanation import Contribution, Explanation, Model, ServedValue
from feature_store.explain.features_at import FeatureAt, features_at

__all__ = [
    "Contribution",
    "Explanation",
    "FeatureAt",
    "Model",
    "ServedValue",
    "explain_feature",
    "features_at",
]
