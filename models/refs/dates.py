"""ISO dates for the date expressions of a document, by guideline G7.

An expression may lack its year, month or day: *lundi*, *le 20*, *la veille*. The missing parts come
from the date of the document, or from the dates before it in the text. An expression that is
vaguer than an ISO date has the smallest ISO date that contains it (*fin 1989*: 1989), and none if
it covers more than a year (*années 1960*). Words are data (`dates.fr.toml`); the rules are here.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple, Self

from aloi.models.refs.date_words import DateWords, Words, load_date_words, lookup, split_words

MAX_DAY, DAYS_OF_WEEK = 31, 7

MAX_COORDINATED = 6
"""Words after an expression that are searched for the year of a coordinated expression."""

CUE_WIDTH = 60
"""Characters on each side of an expression that are searched for the future."""

MAX_OPENING = 3
"""Words before an expression that opens its sentence; its clause then continues after a comma, as
in *Mercredi, à Wembley, un match opposera …*.
"""

NEAR_FUTURE = 75
"""A day without year is at most so many days after the document if no word says *future*."""

LONG_PAST = 200
"""A day without year is at most so many days before the document if a word says *future*."""

RECENT_DAYS = range(-30, 151)
"""Days before the document; a day without year is not so recent if the text narrates another year.

Tuned on the train documents of our corpus and of its Wikinews articles.
"""

_YEAR = re.compile(r"(?:1\d|2[01])\d\d", re.ASCII)
_NUMERIC = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})", re.ASCII)
_ISO = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_CLAUSE_START = re.compile(r"[.;:!?\n]")
_CLAUSE_END = re.compile(r"[.,;:!?()\n]")


class IsoDate(NamedTuple):
    """A year, month or day; `str` returns it in ISO form."""

    year: int
    month: int | None = None
    day: int | None = None

    @classmethod
    def of(cls, day: date) -> Self:
        """Return a day."""
        return cls(day.year, day.month, day.day)

    @classmethod
    def parse(cls, text: object) -> Self | None:
        """Return the date that an ISO form such as `1981-10` states, or None if it states none."""
        match = re.match(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", str(text), re.ASCII)
        if match is None:
            return None
        found = cls(*(int(part) if part else None for part in match.groups()))  # type: ignore[arg-type]
        return found if found.is_valid() else None

    def is_valid(self) -> bool:
        """Return whether the calendar contains this date."""
        try:
            date(self.year, self.month or 1, self.day or 1)
        except ValueError:
            return False
        return True

    def first_day(self) -> date:
        """Return the first day of the year or month, or the day."""
        return date(self.year, self.month or 1, self.day or 1)

    def shifted(self, unit: str, number: int) -> IsoDate:
        """Return the date with a unit of precision, moved by a number of units."""
        if unit == "day":
            return IsoDate.of(self.first_day() + timedelta(days=number))
        if unit == "week":
            moved = self.first_day() + timedelta(weeks=number)
            return IsoDate(moved.year, moved.month)
        if unit == "month":
            months = self.year * 12 + (self.month or 1) - 1 + number
            return IsoDate(months // 12, months % 12 + 1)
        return IsoDate(self.year + number)

    def __str__(self) -> str:
        parts = [f"{self.year:04}"]
        parts += [f"{part:02}" for part in (self.month, self.day) if part]
        return "-".join(parts)


class DateMention(NamedTuple):
    """The offsets of a date expression in a text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Parts:
    """The numbers and calendar words of an expression."""

    words: Words
    years: list[int] = field(default_factory=list)
    months: list[int] = field(default_factory=list)
    days: list[int] = field(default_factory=list)
    weekday: int | None = None


@dataclass(slots=True)
class DateNormaliser:
    """The dates of one document, in text order.

    `published` is the date of the document, if it is known. `context` is the last date before the
    next expression, and `context_end` its end in the text. `entry` is the last date at the start of
    a line, as in a chronology.
    """

    text: str
    published: IsoDate | None
    language: DateWords = field(default_factory=load_date_words)
    context: IsoDate | None = None
    context_end: int = 0
    entry: IsoDate | None = None
    entry_end: int = 0

    def normalise(self, mention: DateMention) -> str | None:
        """Return the ISO date of the next expression, or None if it cannot be computed."""
        found = self._resolve(mention)
        if found is None or not found.is_valid():
            return None
        self.context, self.context_end = found, mention.end
        if self._begins_line(mention):
            self.entry, self.entry_end = found, mention.end
        return str(found)

    def _resolve(self, mention: DateMention) -> IsoDate | None:
        surface = self.text[mention.start : mention.end]
        if numeric := _NUMERIC.fullmatch(surface):
            day, month, year = map(int, numeric.groups())
            return IsoDate(year, month, day)
        if _ISO.fullmatch(surface):
            return IsoDate.parse(surface)
        parts = _parse(surface, self.language)
        if len(set(parts.years)) > 1 or not self.language.vague.isdisjoint(parts.words):
            return None
        if parts.months:
            return self._month(parts, mention)
        return IsoDate(parts.years[0]) if parts.years else self._without_month(parts, mention)

    def _without_month(self, parts: _Parts, mention: DateMention) -> IsoDate | None:
        if parts.days and (month := self._coordinated_month(mention)):
            parts.months.append(month)
            return self._month(parts, mention)
        if parts.days:
            return self._day_alone(parts)
        if parts.weekday is not None:
            return self._weekday(parts.words, parts.weekday, mention)
        return self._relative(parts.words, mention)

    def _month(self, parts: _Parts, mention: DateMention) -> IsoDate | None:
        """Return a month, a day of a month, or what contains an interval of several."""
        month, day = parts.months[0], parts.days[0] if parts.days else None
        year = parts.years[0] if parts.years else self._year_of(parts, month, day, mention)
        if year is None:
            return None
        if len(set(parts.months)) > 1:
            return IsoDate(year)
        return IsoDate(year, month, day if len(parts.days) == 1 else None)

    def _year_of(
        self, parts: _Parts, month: int, day: int | None, mention: DateMention
    ) -> int | None:
        """Return the year of a month, or of a day of it, that is not stated."""
        base, step = self.published, self.language.step(parts.words)
        if step and base is not None and not self.language.is_relative(parts.words):
            is_past = (month, day or 1) <= (base.month or 12, base.day or MAX_DAY)
            return base.year - (not is_past) if step < 0 else base.year + is_past
        if parts.weekday is not None and day is not None:
            return self._year_with_weekday(month, day, parts.weekday)
        stated = self._coordinated_year(mention) or self._entry_year(mention)
        if stated is not None:
            return stated
        if base is None:
            return self.context.year if self.context else None
        year = self._year_near(base, month, day, mention)
        narrated = self._narrated_year(base, mention)
        if narrated is None or _days_before(base, IsoDate(year, month, day)) in RECENT_DAYS:
            return year
        return narrated

    def _year_with_weekday(self, month: int, day: int, weekday: int) -> int | None:
        """Return the year, near the document or the context, in which a day has this weekday."""
        for each in filter(None, (self.published, self.context)):
            for step in (0, -1, 1):
                found = IsoDate(each.year + step, month, day)
                if found.is_valid() and found.first_day().weekday() == weekday:
                    return found.year
        return self.published.year if self.published else None

    def _narrated_year(self, base: IsoDate, mention: DateMention) -> int | None:
        """Return the year of the last month or day in the paragraph, if it is another year."""
        context = self._near_context(mention)
        if context is None or context.month is None or context.year == base.year:
            return None
        return context.year

    def _year_near(self, base: IsoDate, month: int, day: int | None, mention: DateMention) -> int:
        """Return the year of the last such month or day before the document, or of the next."""
        is_future = self._is_future(mention)
        if day is None and month == base.month:
            return base.year
        days = _days_before(base, IsoDate(base.year, month, day))
        if days >= 0:
            return base.year + (is_future and days > LONG_PAST)
        return base.year - (not is_future and -days > NEAR_FUTURE)

    def _coordinated_year(self, mention: DateMention) -> int | None:
        """Return the year of a date that follows at once, as in *mai et juin 1981*."""
        for word in split_words(self.text[mention.end : mention.end + CUE_WIDTH])[:MAX_COORDINATED]:
            if _YEAR.fullmatch(word):
                return int(word)
            if not (
                word.isdecimal() or word in self.language.months or word in self.language.joining
            ):
                return None
        return None

    def _entry_year(self, mention: DateMention) -> int | None:
        """Return the year of the entry of a chronology that an expression begins or is in."""
        if self.entry is None or (self.published and self.entry.year == self.published.year):
            return None
        is_inside = "\n" not in self.text[self.entry_end : mention.start]
        return self.entry.year if is_inside or self._begins_line(mention) else None

    def _near_context(self, mention: DateMention) -> IsoDate | None:
        """Return the last date, if it is in the same paragraph."""
        between = self.text[self.context_end : mention.start]
        return None if "\n" in between else self.context

    def _begins_line(self, mention: DateMention) -> bool:
        """Return whether the line has only punctuation, such as a bullet, before an expression."""
        line = self.text.rfind("\n", 0, mention.start) + 1
        return not split_words(self.text[line : mention.start])

    def _is_future(self, mention: DateMention) -> bool:
        """Return whether the clause around an expression speaks of the future."""
        before = self.text[max(0, mention.start - CUE_WIDTH) : mention.start]
        after = self.text[mention.end : mention.end + CUE_WIDTH]
        start = _CLAUSE_START.split(before)[-1]
        if cue := self.language.preceding_cue(split_words(start)):
            return cue == "future"
        is_opening = after.startswith(",") and len(split_words(start)) <= MAX_OPENING
        ends = _CLAUSE_START if is_opening else _CLAUSE_END
        return self.language.is_future(f"{start} {ends.split(after)[0]}")

    def _coordinated_month(self, mention: DateMention) -> int | None:
        """Return the month of a date that follows at once, as in *les 9 et 11 mai*."""
        for word in split_words(self.text[mention.end : mention.end + CUE_WIDTH])[:MAX_COORDINATED]:
            if word in self.language.months:
                return self.language.months[word]
            if not (word.isdecimal() or word in self.language.joining):
                return None
        return None

    def _day_alone(self, parts: _Parts) -> IsoDate | None:
        """Return a day of the month of the context, such as *le 20* or *jeudi 26*."""
        base = self.context if self.context and self.context.month else self.published
        if base is None or base.month is None:
            return None
        if len(parts.days) > 1:
            return IsoDate(base.year, base.month)
        months = (base.shifted("month", step) for step in (0, -1, 1))
        days = [each._replace(day=parts.days[0]) for each in months]
        valid = [each for each in days if each.is_valid()]
        matching = [each for each in valid if each.first_day().weekday() == parts.weekday]
        return next(iter(matching or valid), None)

    def _weekday(self, words: Words, weekday: int, mention: DateMention) -> IsoDate | None:
        """Return the last weekday before the document, or the next."""
        base, step = self.published, self.language.step(words)
        if base is None or base.day is None:
            return None
        back = (base.first_day().weekday() - weekday) % DAYS_OF_WEEK
        ahead = -back % DAYS_OF_WEEK
        if step:
            return base.shifted(
                "day", (ahead or DAYS_OF_WEEK) if step > 0 else -(back or DAYS_OF_WEEK)
            )
        return base.shifted("day", ahead if self._is_future(mention) else -back)

    def _relative(self, words: Words, mention: DateMention) -> IsoDate | None:
        """Return the date of an expression without numbers: *hier*, *la veille*, *an dernier*."""
        language, base = self.language, self.published
        days = lookup(words, language.from_document)
        if days is None and (days := lookup(words, language.from_context)) is not None:
            near = self._near_context(mention)
            base = near if near and near.day else base
        if days is not None:
            return base.shifted("day", days) if base and base.day else None
        season = lookup(words, language.seasons)
        if season is not None:
            return self._season(words, season, mention)
        return self._unit(words)

    def _unit(self, words: Words) -> IsoDate | None:
        """Return a period such as *semaine dernière*, *mois-ci*, *année suivante*."""
        unit = lookup(words, self.language.units)
        base = self.published
        if self.context and self.language.is_relative(words):
            is_precise = self.context.month if unit != "year" else True
            base = self.context if is_precise else base
        if unit is None or base is None or (unit == "day" and base.day is None):
            return None
        return base.shifted(unit, self.language.step(words))

    def _season(self, words: Words, first_month: int, mention: DateMention) -> IsoDate | None:
        """Return the year of a season; `first_month` is its first whole month."""
        base, step = self.published, self.language.step(words)
        if base is None:
            return None
        narrated = self._narrated_year(base, mention)
        if narrated is not None and step >= 0:
            return IsoDate(narrated + step)
        is_over = first_month < (base.month or 12)
        if step < 0:
            return IsoDate(base.year - (not is_over))
        is_past = first_month > (base.month or 12) and not step and not self._is_future(mention)
        return IsoDate(base.year - is_past)


def _days_before(base: IsoDate, other: IsoDate) -> int:
    """Return the number of days from a date to the document; of a month, its last day counts."""
    if other.is_valid():
        last = other.day or calendar.monthrange(other.year, other.month or 12)[1]
        return (base.first_day() - date(other.year, other.month or 12, last)).days
    return 0


def _parse(surface: str, language: DateWords) -> _Parts:
    """Return the numbers and calendar words of an expression."""
    words = split_words(surface)
    parts = _Parts(words, weekday=lookup(words, language.weekdays))
    in_unit = lookup(words, language.units) is not None  # *premier trimestre* is not a day
    for word in words:
        if _YEAR.fullmatch(word):
            parts.years.append(int(word))
        elif word.isdecimal() and 0 < int(word) <= MAX_DAY:
            parts.days.append(int(word))
        elif word in language.months:
            parts.months.append(language.months[word])
        elif word in language.ordinals and not in_unit:
            parts.days.append(language.ordinals[word])
    return parts


def normalise_dates(
    text: str, mentions: Iterable[DateMention], published: object = None
) -> Iterator[str | None]:
    """Yield the ISO date of each expression, or None; mentions must be in text order."""
    normaliser = DateNormaliser(text, IsoDate.parse(published))
    for mention in mentions:
        yield normaliser.normalise(mention)
