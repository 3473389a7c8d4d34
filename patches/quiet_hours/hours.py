"""What fills the slot `sending_hours`: whose clock and whose holidays a number follows."""

from collections.abc import Callable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from phonenumbers import NumberParseException, parse
from phonenumbers.timezone import UNKNOWN_TIMEZONE, time_zones_for_number

from api.config import Settings
from notifications_utils.calendar import Calendar
from notifications_utils.sending_hours import Hold, QuietHours
from patches.french_territories import Territory, find_territory
from patches.quiet_hours.opening import first_opening, why_quiet


class LocalSendingHours:
    """Numbers of France go by the clock and the holidays of their territory; others by the clock of their country, and
    by no holidays. A country whose clocks differ counts by the calendar's zone: a mobile number does not tell more.
    """

    def hold(self, moment: datetime, e164_digits: str, quiet: QuietHours, calendar: Calendar) -> Hold | None:
        territory = find_territory(e164_digits)
        zone = ZoneInfo(
            territory.time_zone if territory else _zone_abroad(moment, e164_digits) or calendar.time_zone
        )
        is_holiday = _holidays_of(territory, calendar)
        reason = why_quiet(moment.astimezone(zone), quiet, is_holiday)
        if reason is None:
            return None
        return Hold(moment, first_opening(moment, zone, quiet, is_holiday), f"{reason} in {zone.key}")


def make_sending_hours(_settings: Settings) -> LocalSendingHours:
    return LocalSendingHours()


def _holidays_of(territory: Territory | None, calendar: Calendar) -> Callable[[date], bool]:
    if territory is None:
        return lambda _day: False
    zone = territory.holiday_zone if territory.holiday_zone in calendar.zones else None
    return lambda day: day in calendar.holidays(day.year, zone)


def _zone_abroad(moment: datetime, e164_digits: str) -> str | None:
    """The clock that all of the number's country shows at this moment; None where there are several, or none is known."""
    try:
        names = time_zones_for_number(parse(f"+{e164_digits}"))
    except NumberParseException:
        return None
    if UNKNOWN_TIMEZONE in names:
        return None
    clocks = {moment.astimezone(ZoneInfo(name)).utcoffset() for name in names}
    return names[0] if len(clocks) == 1 else None
