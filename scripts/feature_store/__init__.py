"""The Python API of the feature store, for scripts and notebooks."""

from feature_store.errors import FeatureStoreError
from feature_store.historical.result import HistoricalFeatures
from feature_store.online.read.result import OnlineFeatures
from feature_store.registry.deprecation import DeprecatedFeatureViewWarning
from feature_store.store import FeatureStore

__all__ = [
    "DeprecatedFeatureViewWarning",
    "FeatureStore",
    "FeatureStoreError",
    "HistoricalFeatures",
    "OnlineFeatures",
]
