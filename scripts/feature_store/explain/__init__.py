"""Features of one entity at a past time, and the explanation of one value from raw rows."""

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
