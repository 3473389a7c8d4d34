"""How the sandbox behaves: what it answers, and when and how its receipts go out. Tests and people change it."""

import random
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.contract import Status


class ReceiptMode(StrEnum):
    OFF = "off"  # only when a person presses a button
    AUTO = "auto"  # after a delay
    IMMEDIATE = "immediate"  # before the request that brings the message is answered


class Fault(StrEnum):
    SERVER_ERROR = "server_error"  # 500, the message is not taken
    LOST_ANSWER = "lost_answer"  # the message is taken, the socket is closed without an answer
    TOO_MANY_REQUESTS = "too_many_requests"  # 429
    NO_CREDIT = "no_credit"  # 402
    UNAVAILABLE = "unavailable"  # 503


FAULT_STATUSES = {
    Fault.SERVER_ERROR: 500,
    Fault.TOO_MANY_REQUESTS: 429,
    Fault.NO_CREDIT: 402,
    Fault.UNAVAILABLE: 503,
}


class Behaviour(BaseModel):
    """`faults` maps each fault to its share of the requests, from 0 to 1."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    latency_ms: float = Field(default=0, ge=0, le=600_000)
    faults: dict[Fault, float] = Field(default_factory=dict)
    receipts: ReceiptMode = ReceiptMode.AUTO
    receipt_delay_ms: float = Field(default=1000, ge=0, le=3_600_000)
    receipt_status: Literal[Status.DELIVERED, Status.TEMPORARY_FAILURE, Status.PERMANENT_FAILURE] = (
        Status.DELIVERED
    )
    receipt_copies: int = Field(default=1, ge=1, le=10)
    pending: Literal["none", "before", "after"] = "none"  # `after` is out of order
    unknown_ids: bool = False  # a receipt for a message that nobody sent goes along with each
    by_reference: bool = False  # receipts name our reference instead of the notification's id

    @model_validator(mode="after")
    def check_shares(self) -> "Behaviour":
        if any(not 0 <= share <= 1 for share in self.faults.values()) or sum(self.faults.values()) > 1:
            raise ValueError("faults: shares lie between 0 and 1, and so does their sum")
        return self

    def draw_fault(self) -> Fault | None:
        if not self.faults:
            return None
        point = random.random()  # noqa: S311 - not a secret
        for fault, share in self.faults.items():
            point -= share
            if point < 0:
                return fault
        return None
