"""Settings of the French public sector."""

from typing import Annotated, Any

from pydantic import Field, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from api.config import PatchSettings

CommaSeparated = Annotated[tuple[str, ...], NoDecode]


class PublicSectorSettings(PatchSettings):
    model_config = SettingsConfigDict(env_prefix="FR_PUBLIC_SECTOR_", frozen=True, extra="ignore")

    api_url: str = Field(
        "https://recherche-entreprises.api.gouv.fr",
        description="Address of the public search of companies and administrations (no key is needed).",
    )
    timeout_seconds: float = Field(3.0, gt=0, description="Time that search has to answer.")
    extra_domains: CommaSeparated = Field(
        (),
        description="Domains of public bodies besides the usual ones, such as those of your local authorities.",
    )
    public_sirens: CommaSeparated = Field(
        (), description="SIREN numbers that count as public whatever their legal category."
    )
    refused_sirens: CommaSeparated = Field((), description="SIREN numbers that never count as public.")

    @field_validator("extra_domains", "public_sirens", "refused_sirens", mode="before")
    @classmethod
    def split_commas(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip().lower() for part in value.split(",") if part.strip())
        return value
