"""Callbacks that hand a framework's metrics to `gitexp.log`, step by step; no-ops outside a run.

A framework is imported when its own callback is: `from gitexp.callbacks import XGBoostCallback`.

    HuggingFaceCallback()   Trainer(..., callbacks=[HuggingFaceCallback()])
    LightningCallback()     Trainer(..., callbacks=[LightningCallback()])
    KerasCallback()         model.fit(..., callbacks=[KerasCallback()])
    XGBoostCallback()       xgboost.train(..., callbacks=[XGBoostCallback()])
    lightgbm_callback       lightgbm.train(..., callbacks=[lightgbm_callback])
    log_search(search)      after the fit of a scikit-learn search
"""

from __future__ import annotations

_HOMES = {
    "HuggingFaceCallback": "huggingface",
    "KerasCallback": "keras",
    "LightningCallback": "lightning",
    "XGBoostCallback": "xgboost",
    "lightgbm_callback": "lightgbm",
    "log_search": "search",
}

__all__ = [
    "HuggingFaceCallback",
    "KerasCallback",
    "LightningCallback",
    "XGBoostCallback",
    "lightgbm_callback",
    "log_search",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # only where a callback is used

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
