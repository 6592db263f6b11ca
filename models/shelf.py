"""The registered versions of one name in MLflow: what promotion asks of a shelf."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from models.errors import ModelSetNotFoundError
from models.model_set import JUDGE, JUDGE_COLUMNS
from models.promotion.gate import GateReport

CHAMPION, CHALLENGER = "champion", "challenger"
EVIDENCE = "evidence"


class MlflowShelf:
    """The registered versions of one name, with the aliases champion and challenger."""

    def __init__(self, client: MlflowClient, name: str) -> None:
        self._client = client
        self._name = name

    @property
    def champion(self) -> str | None:
        """The version with the alias champion."""
        return self._alias(CHAMPION)

    @property
    def challenger(self) -> str | None:
        """The version with the alias challenger."""
        return self._alias(CHALLENGER)

    def fetch(self, version: str, *, into: Path) -> None:
        """Copy the answering part of a version into an empty folder."""
        uri = self._found(version).source
        with tempfile.TemporaryDirectory() as scratch:
            mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=scratch)
            source = next(Path(scratch).rglob("MLmodel")).parent / "artifacts" / "model_set"
            shutil.copytree(source, into, dirs_exist_ok=True)

    def judge(self, version: str, *, into: Path) -> Path:
        """Copy a version's judge rows and their columns into a folder; return the rows' file."""
        into.mkdir(parents=True, exist_ok=True)
        run_id = self._found(version).run_id
        with suppress(MlflowException, OSError):  # sets of earlier versions have none
            self._client.download_artifacts(run_id, f"{EVIDENCE}/{JUDGE_COLUMNS}", str(into))
        return Path(self._client.download_artifacts(run_id, f"{EVIDENCE}/{JUDGE}", str(into)))

    def as_of(self, version: str) -> datetime | None:
        """Return the instant a version was trained for; None where it does not say."""
        said = self._found(version).tags.get("as_of", "")
        return datetime.fromisoformat(said).astimezone(UTC) if said else None

    def signed(self, version: str) -> bool | None:
        """Return whether a version's model says what goes in and what comes out."""
        info = mlflow.models.get_model_info(self._found(version).source)
        signature = info.signature
        return bool(signature and signature.inputs and signature.outputs)

    def crown(self, version: str) -> None:
        """Give a version the alias champion; it is no longer challenger."""
        self._client.set_registered_model_alias(self._name, CHAMPION, version)
        if self.challenger == version:
            self._client.delete_registered_model_alias(self._name, CHALLENGER)

    def note(self, version: str, *, report: GateReport, facts: dict[str, str]) -> None:
        """Write the gate's verdict and facts about the promotion to a version."""
        run_id = self._found(version).run_id
        self._client.log_dict(run_id, asdict(report), f"{EVIDENCE}/gate.json")
        for key, value in facts.items():
            self._client.set_model_version_tag(self._name, version, key, value or "-")

    def _alias(self, alias: str) -> str | None:
        try:
            return str(self._client.get_model_version_by_alias(self._name, alias).version)
        except MlflowException as error:
            if error.error_code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
                return None
            raise

    def _found(self, version: str) -> mlflow.entities.model_registry.ModelVersion:
        try:
            return self._client.get_model_version(self._name, version)
        except MlflowException as error:
            known = self._client.search_model_versions(f"name = '{self._name}'")
            versions = ", ".join(sorted((str(row.version) for row in known), key=len)) or "none"
            raise ModelSetNotFoundError(
                f"There is no model set {version} in the registry '{self._name}'.",
                fix=f"It has: {versions}.",
            ) from error
