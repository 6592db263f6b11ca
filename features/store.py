"""The feature catalogue in Feast: entity, sources, views and a feature service per model set.

The only module that talks to Feast. Its file (Dask) store loses training rows without a word, so
the offline store is always DuckDB (docs/decisions/013).
"""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from features.catalogue import FEATURES, PROFILE_COLUMN, VIEWS, View, feature_named
from features.errors import DataNotFoundError
from features.frame import view_path
from features.staging import staged_file

if TYPE_CHECKING:
    import feast
    import pandas as pd

PROJECT = "callworth"
_METRICS_VARIABLES = (
    "PROMETHEUS_MULTIPROC_DIR",
    "PROMETHEUS_MULTIPROCESS_DIR",
    "prometheus_multiproc_dir",
)
SERVICE_PREFIX = "model_set_"


def register(home: Path, *, model_set: str, features: Sequence[str] | None = None) -> str:
    """Register the views and a feature service of `model_set`; return the service's name.

    `features` are the columns that the model set reads; by default all of them.

    Raises:
        DataNotFoundError: the views were not built yet.
        ContractError: a name in `features` is no feature.
    """
    names = [f.name for f in FEATURES] if features is None else list(features)
    chosen = {feature_named(name).name for name in names}
    _demand_views(home)
    with _feast():
        from feast import FeatureService

        views = {view.name: _feature_view(view, home=home) for view in VIEWS}
        parts = [
            views[view.name][kept]
            for view in VIEWS
            if (kept := [f.name for f in view.features if f.name in chosen])
        ]
        service = FeatureService(
            name=f"{SERVICE_PREFIX}{model_set}",
            features=parts,
            tags={"model_set": model_set, "features": str(len(chosen))},
            description=f"What model set {model_set} reads.",
        )
        # Feast writes its registry in place: stage it, so that a stop half-way leaves the old one.
        with staged_file(_registry(home)) as staged:
            if _registry(home).exists():
                shutil.copyfile(_registry(home), staged)
            _store(home, registry=staged).apply([_entity(), *views.values(), service])
    return str(service.name)


def features_of(home: Path, service: str) -> tuple[str, ...]:
    """Return the feature names behind a service, in the catalogue's order: the lineage.

    Raises:
        DataNotFoundError: no such service is registered.
    """
    with _feast():
        found = {
            feature.name
            for projection in _service(_store(home), service).feature_view_projections
            for feature in projection.features
        }
    return tuple(feature.name for feature in FEATURES if feature.name in found)


def services(home: Path) -> tuple[str, ...]:
    """Return the names of the registered feature services, oldest model set first."""
    with _feast():
        listed = _store(home).list_feature_services()
    return tuple(s.name for s in sorted(listed, key=lambda s: (s.created_timestamp, s.name)))


def historical(home: Path, entity_rows: pd.DataFrame, service: str) -> pd.DataFrame:
    """Return `entity_rows` (customer_id, event_timestamp in UTC) with the service's features.

    Feast's own point-in-time join; what was created after an instant is not seen at it.

    Raises:
        DataNotFoundError: no such service is registered.
    """
    with _feast():
        store = _store(home)
        job = store.get_historical_features(
            entity_df=entity_rows,
            features=_service(store, service),
            filter_by_created_timestamp=True,
        )
        frame: pd.DataFrame = job.to_df()
    return frame


@contextmanager
def _feast() -> Iterator[None]:
    """Import Feast and keep its deprecations, and Ibis's, out of our output, but nothing else.

    On import Feast turns the whole process, and its children by the environment, to file-backed
    metrics: prometheus_client is imported first, and the environment put back.
    """
    import prometheus_client  # noqa: F401 (see above)

    with warnings.catch_warnings():
        for package in ("feast", "ibis", "google", "pydantic", "dask", "pandas", "pyarrow"):
            for category in (DeprecationWarning, FutureWarning):
                warnings.filterwarnings("ignore", category=category, module=rf"{package}\b")
        before = {name: os.environ.get(name) for name in _METRICS_VARIABLES}
        import feast  # noqa: F401 (4 s)

        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
        yield


def _registry(home: Path) -> Path:
    return home / "feast" / "registry.db"


def _store(home: Path, *, registry: Path | None = None) -> feast.FeatureStore:
    from feast import FeatureStore, RepoConfig

    if registry is None and not _registry(home).exists():
        raise DataNotFoundError(
            f"There is no feature registry in '{home}'.", fix="Run `callworth train` first."
        )
    return FeatureStore(
        config=RepoConfig(
            project=PROJECT,
            provider="local",
            repo_path=home,
            registry=str((registry or _registry(home)).resolve()),
            offline_store={"type": "duckdb"},
            online_store=None,
            entity_key_serialization_version=3,
        )
    )


def _service(store: feast.FeatureStore, name: str) -> feast.FeatureService:
    from feast.errors import FeatureServiceNotFoundException

    try:
        return store.get_feature_service(name)
    except FeatureServiceNotFoundException:
        listed = ", ".join(service.name for service in store.list_feature_services())
        raise DataNotFoundError(
            f"There is no feature service '{name}'.",
            fix=f"Registered: {listed or 'none; run `callworth train` first'}.",
        ) from None


def _entity() -> feast.Entity:
    from feast import Entity, ValueType

    return Entity(
        name="customer",
        join_keys=["customer_id"],
        value_type=ValueType.STRING,
        description="A person or household an enterprise knows.",
    )


def _feature_view(view: View, *, home: Path) -> feast.FeatureView:
    from feast import FeatureView, Field, FileSource
    from feast.types import String

    source = FileSource(
        name=f"{view.name}_source",
        path=str(view_path(home, view=view.name).resolve()),
        timestamp_field="event_timestamp",
        created_timestamp_column="created_timestamp",
        description=f"Made from: {', '.join(view.tables)}.",
    )
    types = _types(view, home=home)
    schema = [Field(name="customer_id", dtype=String)]
    if view.name == "stage":
        schema.append(Field(name=PROFILE_COLUMN, dtype=String, description="the profile"))
    schema += [
        Field(
            name=feature.name,
            dtype=types[feature.name],
            description=feature.phrase,
            tags={"kind": feature.kind.value},
        )
        for feature in view.features
    ]
    return FeatureView(
        name=view.name,
        entities=[_entity()],
        schema=schema,
        source=source,
        ttl=timedelta(0),  # without an end: a view's values stand at the very instant asked for
        online=False,
        description=view.says,
        tags={"tables": ",".join(view.tables)},
    )


def _types(view: View, *, home: Path) -> dict[str, feast.types.FeastType]:
    """Return the Feast type of every column, as the view's file holds it."""
    import pyarrow.parquet as pq
    from feast.types import Float64, Int64, String

    named = {"double": Float64, "int64": Int64, "string": String}
    schema = pq.read_schema(view_path(home, view=view.name))
    return {column.name: named[str(column.type)] for column in schema if str(column.type) in named}


def _demand_views(home: Path) -> None:
    missing = [view.name for view in VIEWS if not view_path(home, view=view.name).exists()]
    if missing:
        raise DataNotFoundError(
            f"'{home}' lacks the feature views: {', '.join(missing)}.",
            fix="Run `callworth train`, which builds them.",
        )
