"""When a quiet time ends, on clocks that are set forward and back. Pure."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from notifications_utils.sending_hours import QuietHours

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_SUNDAY = 6  # of `date.weekday()`
# More quiet days in a row than any calendar has; past them a message goes out rather than wait for ever.
_MOST_DAYS = 31

IsHoliday = Callable[[date], bool]


def why_quiet(local: datetime, quiet: QuietHours, is_holiday: IsHoliday) -> str | None:
    """The reason not to write at this local time; None: there is none."""
    if quiet.holidays and is_holiday(local.date()):
        return "public holiday"
    if quiet.sundays and local.weekday() == _SUNDAY:
        return "Sunday"
    return "quiet hours" if _is_between(local.time(), quiet.start, quiet.end) else None


def first_opening(moment: datetime, zone: ZoneInfo, quiet: QuietHours, is_holiday: IsHoliday) -> datetime:
    """The first moment after `moment`, which is quiet, that is not. In UTC."""
    day = moment.astimezone(zone).date()
    last = moment
    for number in range(_MOST_DAYS):
        for last in sorted(_turns(day + number * _DAY, zone, quiet.end)):
            if last > moment and why_quiet(last.astimezone(zone), quiet, is_holiday) is None:
                return last
    return last


def _is_between(moment: time, start: time, end: time) -> bool:
    if start < end:
        return start <= moment < end
    return moment >= start or moment < end


def _turns(day: date, zone: ZoneInfo, end: time) -> Iterator[datetime]:
    """The moments of a local day at which quiet may end: midnight, `end`, a change of the clock.

    A wall time that comes twice, when clocks go back, gives both; what one that is skipped gives is harmless.
    """
    for wall in (time(), end):
        for fold in (0, 1):
            yield datetime.combine(day, wall.replace(fold=fold), zone).astimezone(UTC)
    start, following = (
        datetime.combine(midnight, time(), zone).astimezone(UTC) for midnight in (day, day + _DAY)
    )
    if _offset(start, zone) != _offset(following, zone):
        yield _clock_change(start, following, zone)


def _clock_change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first second of the new time, by halving."""
    while after - before > _SECOND:
        middle = before + (after - before) // 2
        middle -= timedelta(microseconds=middle.microsecond)
        if _offset(middle, zone) == _offset(before, zone):
            before = middle
        else:
            after = middle
    return after


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta | None:
    return moment.astimezone(zone).utcoffset()
