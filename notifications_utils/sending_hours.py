"""When people may be written to: a service's choice of quiet hours, and who applies it (slot `sending_hours`)."""

from dataclasses import dataclass
from datetime import datetime, time
from typing import Protocol

from notifications_utils.calendar import Calendar


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Hours in which a service's text messages wait, on the recipient's own clock.

    From `start` until just before `end`, over midnight when `end` is the earlier one; the two differ. With `sundays` and
    `holidays` these days are quiet as a whole.
    """

    start: time
    end: time
    sundays: bool = False
    holidays: bool = False

    def __str__(self) -> str:
        days = [name for name, chosen in (("Sundays", self.sundays), ("holidays", self.holidays)) if chosen]
        return ", ".join([f"{self.start:%H:%M}-{self.end:%H:%M}", *days])


@dataclass(frozen=True, slots=True)
class Hold:
    """`since` is the moment asked about, `until` a later one, in UTC; `reason` is for operators, nothing personal."""

    since: datetime
    until: datetime
    reason: str


class SendingHours(Protocol):
    def hold(self, moment: datetime, e164_digits: str, quiet: QuietHours, calendar: Calendar) -> Hold | None:
        """Until when a text for this number waits that is ready at `moment`; None: it may go out.

        Asked about the end of a hold, it answers None.
        """


class AlwaysOpen:
    """Holds nothing: whose clock a number follows is for a country to know."""

    def hold(
        self,
        moment: datetime,  # noqa: ARG002 - whatever is asked
        e164_digits: str,  # noqa: ARG002
        quiet: QuietHours,  # noqa: ARG002
        calendar: Calendar,  # noqa: ARG002
    ) -> Hold | None:
        return None
