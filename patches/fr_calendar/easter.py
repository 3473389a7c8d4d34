"""The date of Easter in the Gregorian calendar."""

from datetime import date

_LUNAR_CYCLE_YEARS = 19  # after which the moon shows the same phases on the same days (Meton)


def easter_sunday(year: int) -> date:
    """The first Sunday after the ecclesiastical full moon that falls on or after 21 March (bull Inter gravissimas, 1582).

    March is counted on into April: day 32 of March is 1 April.
    """
    century = year // 100
    leap_days_left_out = century - century // 4
    moon_correction = (8 * century + 13) // 25
    epact = (leap_days_left_out - moon_correction + 19 * (year % _LUNAR_CYCLE_YEARS) + 15) % 30
    # The lunar month of the spring has 29 days in some years; the full moon of these is a day earlier.
    is_short = epact == 29 or (epact == 28 and year % _LUNAR_CYCLE_YEARS > 10)  # noqa: PLR2004 - of the tables
    full_moon = 21 + epact - is_short
    weekday = (year + year // 4 - leap_days_left_out + full_moon + 2) % 7  # of the full moon; Sunday is 0
    return date.fromordinal(date(year, 3, 1).toordinal() + full_moon - 1 + 7 - weekday)
