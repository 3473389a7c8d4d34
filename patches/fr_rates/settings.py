"""What a deployment knows of its contracts with providers, besides the prices (`notifications rates`)."""

import re
from typing import Annotated, Any

from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from api.config import CommaSeparated, PatchSettings
from notifications_utils.recipients.phone_patterns import find_country_code
from patches.fr_rates.destinations import GROUPS


class FrenchRatesSettings(PatchSettings):
    """Multipliers are integers, as the contract's `international_rate_multiplier` is."""

    model_config = SettingsConfigDict(env_prefix="FR_RATES_")

    multipliers: dict[str, Annotated[int, Field(ge=0, le=100)]] = Field(
        default_factory=dict,
        description="JSON: how many times the default price a part costs, by group (`overseas`, `pacific`, "
        "`international`) or country code, where no price was set. By default 1; 0: nothing is sent there. "
        '`{"overseas": 2, "32": 3, "850": 0}`',
    )
    without_receipts: CommaSeparated = Field(
        default_factory=list,
        description="Country codes abroad from which no delivery receipts come: texts there end as `sent`. `213,850`",
    )

    @field_validator("multipliers")
    @classmethod
    def check_names(cls, value: dict[str, int]) -> dict[str, int]:
        for name in value:
            if name not in GROUPS and not _is_country_code(name):
                raise ValueError(f"{name!r} is neither a country code nor one of {', '.join(GROUPS)}")
        return value

    @field_validator("without_receipts", mode="before")
    @classmethod
    def split_codes(cls, value: Any) -> Any:
        return re.findall(r"[^,\s]+", value) if isinstance(value, str) else value

    @field_validator("without_receipts")
    @classmethod
    def check_codes(cls, value: list[str]) -> list[str]:
        for code in value:
            if not _is_country_code(code):
                raise ValueError(f"{code!r} is no country code: digits only, such as 213")
        return value


def _is_country_code(text: str) -> bool:
    return find_country_code(text) == text
