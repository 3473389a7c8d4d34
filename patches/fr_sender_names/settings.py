"""Lists of names that a deployment may lengthen; the operators' own lists are not public."""

from typing import Annotated, Any

from pydantic import Field, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from api.config import PatchSettings

Names = Annotated[tuple[str, ...], NoDecode]


class SenderNamesSettings(PatchSettings):
    model_config = SettingsConfigDict(env_prefix="SENDER_NAMES_")

    generic: Names = Field(
        (
            "alert",
            "alerte",
            "bank",
            "banque",
            "code",
            "colis",
            "info",
            "infos",
            "livraison",
            "paiement",
            "parcel",
            "payment",
            "rdv",
            "sms",
            "verify",
        ),
        description="Words that say nothing of who writes, comma-separated; a sender may not be one of them.",
    )
    forbidden: Names = Field(
        (),
        description="Names that operators always block (AF2M: strictly forbidden), comma-separated.",
    )
    reserved: Names = Field(
        (),
        description="Names that operators block without authorisation (AF2M: forbidden unless authorised), comma-separated.",
    )
    authorised: Names = Field(
        (),
        description="Of the reserved names, those that this deployment holds an authorisation for, comma-separated.",
    )

    @field_validator("generic", "forbidden", "reserved", "authorised", mode="before")
    @classmethod
    def split_commas(cls, value: Any) -> Any:
        """Case does not count."""
        names = value.split(",") if isinstance(value, str) else value
        return tuple(name.strip().lower() for name in names if name.strip())
