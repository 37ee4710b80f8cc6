"""Settings: `seat.toml` in the working directory (or the file that SEAT_CONFIG names), then SEAT_… variables."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any

import platformdirs
from pydantic import AfterValidator, Field, HttpUrl, SecretStr, TypeAdapter, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from assistant.errors import SeatError
from assistant.model import BUNDLED
from kb.pack import DEFAULT_PACK


def cache_dir() -> Path:
    """Where what can be made again is kept: the assembled model, indexes."""
    return Path(os.environ.get("SEAT_CACHE_DIR") or platformdirs.user_cache_dir("seat-assistant"))


def data_dir() -> Path:
    """Where calls are kept."""
    return Path(os.environ.get("SEAT_DATA_DIR") or platformdirs.user_data_dir("seat-assistant"))


def _config_file() -> Path:
    return Path(os.environ.get("SEAT_CONFIG", "seat.toml"))


def _address(url: str) -> str:
    """An address of the web, as it was written."""
    TypeAdapter(HttpUrl).validate_python(url)
    return url


class Settings(BaseSettings):
    """Every setting, with its default. Environment variables are upper case with the prefix SEAT_."""

    model_config = SettingsConfigDict(env_prefix="SEAT_", extra="forbid")

    host: str = "127.0.0.1"
    """Address the server listens on. Anything but loopback opens it to the network: add people first (`seat users`)."""
    port: int = Field(default=8345, ge=0, le=65535)
    """Port the server listens on; 0 takes a free one."""
    model: str = BUNDLED
    """Recognition model: "base" (bundled), a directory, or a faster-whisper model name already on this machine."""
    device: str = "cpu"
    """"cpu" or "cuda"."""
    compute_type: str = "int8"
    """CTranslate2 compute type: int8 on a CPU, float16 or int8_float16 on a GPU."""
    workers: int = Field(default_factory=lambda: max(1, os.cpu_count() or 1), ge=1, le=256)
    """Utterances decoded at the same time, one thread each; one per core."""
    pack: Path = DEFAULT_PACK
    """The city pack's directory."""
    database_url: str = ""
    """SQLAlchemy URL of the store; empty: an SQLite file in the data directory."""
    partial_interval: float = Field(default=0.4, gt=0.05)
    """Seconds of new speech between two partials of an utterance (more when the machine is busy)."""
    max_calls: int = Field(default=0, ge=0)
    """Calls at once; more are refused. 0: as many as this machine was measured to carry when the server started."""
    audio_days: int = Field(default=30, ge=0)
    """Days that recordings of calls are kept in the data directory; 0: calls are not recorded."""
    deadline_rule: str = ""
    """Which rule of the pack's deadlines.csv orders follow; empty: the first."""
    webhook_urls: list[Annotated[str, AfterValidator(_address)]] = []
    """Addresses (http://10.0.0.7/orders) that are told of every order and of what is done to it."""
    webhook_secret: SecretStr = SecretStr("")
    """What webhooks are signed with; needed where there are any."""
    summariser_url: str = Field(default="", pattern=r"^(https?://\S+)?$")
    """OpenAI-compatible endpoint (http://10.0.0.5:8000/v1) that writes title and content at calls' ends; empty: off."""
    summariser_model: str = ""
    """The model that the endpoint is asked for."""
    summariser_key: SecretStr = SecretStr("")
    """What the endpoint wants as a bearer token; empty: nothing."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Given values first, then the environment, then the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=_config_file())

    def store_url(self) -> str:
        """The store's URL, the default filled in."""
        if self.database_url:
            return self.database_url
        data_dir().mkdir(parents=True, exist_ok=True)
        return f"sqlite:///{data_dir() / 'calls.db'}"


def load(**given: Any) -> Settings:
    """Settings from arguments (None: not given), environment and file. Raises SeatError naming what is wrong."""
    if "SEAT_CONFIG" in os.environ and not _config_file().is_file():
        raise SeatError(f"SEAT_CONFIG names {_config_file()}, which does not exist.")
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        raise SeatError(
            f"Setting {'.'.join(map(str, first['loc']))}: {first['msg']} (got {first['input']!r})."
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise SeatError(f"{_config_file()} is not valid TOML: {error}.") from error
