"""What the server can be told: from CALLWORTH_* variables, and from arguments, which win."""

from __future__ import annotations

import ipaddress
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from routing.exploration import MOST_SHARE, Exploration
from routing.slot_file import PLAN_FILE
from serving.errors import SettingsError
from serving.structured_logs import LogFormat

T = TypeVar("T")

# Set by the starter when several workers share the port: their figures are summed from files.
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_LAST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class Settings:
    """How one server runs; every field is also the variable CALLWORTH_<FIELD>.

    `hold_back_share` is the share of contacts (0 to 1) that get no offer, so that uplift can be
    measured; `explore_share` (0 to 0.2) of those that get one draw it at random, `explore_regret`
    is money per contact that this may cost; `keys` is the keys file, by default `keys.toml` in the
    home folder; `log` is another place of the decision log, a file or `postgresql://...`.
    """

    home: Path = Path("callworth-home")
    host: str = "127.0.0.1"
    port: int = 8350
    hold_back_share: float = 0.05
    explore_share: float = 0.0
    explore_regret: float = math.inf
    workers: int = 1
    keys: Path | None = None
    log: str | None = None
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    log_format: LogFormat = LogFormat.TEXT

    def __post_init__(self) -> None:
        if not 0 <= self.port <= _LAST_PORT:
            raise SettingsError(
                f"port is {self.port}.", fix=f"It must lie from 0 (any free one) to {_LAST_PORT}."
            )
        if not 0.0 <= self.hold_back_share <= 1.0:
            raise SettingsError(
                f"hold_back_share is {self.hold_back_share}.", fix="It must lie from 0 to 1."
            )
        if not 0.0 <= self.explore_share <= MOST_SHARE:
            raise SettingsError(
                f"explore_share is {self.explore_share}.",
                fix=f"It must lie from 0 to {MOST_SHARE}.",
            )
        if not self.explore_regret >= 0.0:
            raise SettingsError(
                f"explore_regret is {self.explore_regret}.", fix="It must be 0 or more."
            )
        if self.workers < 1:
            raise SettingsError(f"workers is {self.workers}.", fix="It must be 1 or more.")
        if not self.host:
            raise SettingsError("host is empty.", fix="Name an address, such as 127.0.0.1.")

    @classmethod
    def from_environment(
        cls,
        environment: Mapping[str, str] = os.environ,
        *,
        home: Path | None = None,
        host: str | None = None,
        port: int | None = None,
        hold_back_share: float | None = None,
        explore_share: float | None = None,
        explore_regret: float | None = None,
        workers: int | None = None,
        keys: Path | None = None,
        tls_certificate: Path | None = None,
        tls_key: Path | None = None,
        log_format: LogFormat | None = None,
    ) -> Settings:
        """Return the settings; an argument that is not None wins over its variable.

        Raises SettingsError that names the variable, its value and what is allowed.
        """
        default = cls()

        def chosen(name: str, argument: T | None, usual: T, read: Callable[[str], T]) -> T:
            return argument if argument is not None else _read(environment, name, usual, read)

        return cls(
            home=chosen("HOME", home, default.home, Path),
            host=chosen("HOST", host, default.host, str),
            port=chosen("PORT", port, default.port, int),
            hold_back_share=chosen(
                "HOLD_BACK_SHARE", hold_back_share, default.hold_back_share, float
            ),
            explore_share=chosen("EXPLORE_SHARE", explore_share, default.explore_share, float),
            explore_regret=chosen("EXPLORE_REGRET", explore_regret, default.explore_regret, float),
            workers=chosen("WORKERS", workers, default.workers, int),
            keys=chosen("KEYS", keys, default.keys, Path),
            log=chosen("LOG", None, default.log, str),
            tls_certificate=chosen("TLS_CERTIFICATE", tls_certificate, None, Path),
            tls_key=chosen("TLS_KEY", tls_key, None, Path),
            log_format=chosen("LOG_FORMAT", log_format, default.log_format, _log_format),
        )

    def as_environment(self) -> dict[str, str]:
        """Return the variables that make the same settings in another process."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return {f"CALLWORTH_{k.upper()}": str(v) for k, v in values.items() if v is not None}

    @property
    def exploration(self) -> Exploration:
        """How much may be explored."""
        return Exploration(self.explore_share, self.explore_regret)

    @property
    def keys_file(self) -> Path:
        """Where the API keys are kept."""
        return self.keys if self.keys is not None else self.home / "keys.toml"

    @property
    def strategies_folder(self) -> Path:
        """Where published strategy sets lie."""
        return self.home / "strategies"

    @property
    def models_folder(self) -> Path:
        """Where promoted model sets lie."""
        return self.home / "models"

    @property
    def experiment_file(self) -> Path:
        """Where the plan of on and off slots lies, if there is one."""
        return self.home / PLAN_FILE

    @property
    def log_file(self) -> Path:
        """Where decisions and outcomes are logged, unless that is a database."""
        if self.log is not None and "://" not in self.log:
            return Path(self.log)
        return self.home / "log" / "decisions.sqlite"

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def _log_format(text: str) -> LogFormat:
    if text not in set(LogFormat):
        allowed = " or ".join(LogFormat)
        raise SettingsError(f"CALLWORTH_LOG_FORMAT is '{text}'.", fix=f"It must be {allowed}.")
    return LogFormat(text)


def _read(environment: Mapping[str, str], name: str, usual: T, read: Callable[[str], T]) -> T:
    text = environment.get(f"CALLWORTH_{name}", "")
    if not text:
        return usual
    try:
        return read(text)
    except ValueError:
        raise SettingsError(
            f"CALLWORTH_{name} is '{text}'.", fix=f"It must be a number, such as {usual}."
        ) from None
