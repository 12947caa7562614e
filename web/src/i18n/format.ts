const KIBI = 1024;
const SIZE_UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;
const DAY_MS = 86_400_000;

/** A size such as "1.4 MB" in the language's own writing. */
export function formatSize(bytes: number, language: string): string {
  let value = bytes;
  let unit = 0;
  while (value >= KIBI && unit < SIZE_UNITS.length - 1) {
    value /= KIBI;
    unit += 1;
  }
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit: SIZE_UNITS[unit] ?? "byte",
    unitDisplay: unit === 0 ? "long" : "short",
    maximumFractionDigits: value < 10 && unit > 0 ? 1 : 0,
  }).format(value);
}

function startOfDay(time: Date): number {
  return new Date(time.getFullYear(), time.getMonth(), time.getDate()).getTime();
}

/** Whole calendar days from `time` to `now`; negative when `time` lies ahead (a clock is wrong). */
export function daysAgo(time: Date, now: Date): number {
  return Math.round((startOfDay(now) - startOfDay(time)) / DAY_MS);
}

export function formatTime(time: Date, language: string): string {
  return new Intl.DateTimeFormat(language, { hour: "numeric", minute: "2-digit" }).format(time);
}

export function formatDateTime(time: Date, language: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "short" }).format(time);
}

/** For a list of conversations: the hour today, the weekday this week, else the date. */
export function formatShortWhen(time: Date, now: Date, language: string): string {
  const days = daysAgo(time, now);
  if (days === 0) return formatTime(time, language);
  if (days > 0 && days < 7) {
    return new Intl.DateTimeFormat(language, { weekday: "short" }).format(time);
  }
  const isThisYear = time.getFullYear() === now.getFullYear();
  return new Intl.DateTimeFormat(language, {
    day: "numeric",
    month: "short",
    ...(isThisYear ? {} : { year: "numeric" }),
  }).format(time);
}

/** For the line between two days of a conversation: "today", "yesterday", else the full date. */
export function formatDay(time: Date, now: Date, language: string): string {
  const days = daysAgo(time, now);
  if (days === 0 || days === 1) {
    const words = new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(-days, "day");
    return words.charAt(0).toLocaleUpperCase(language) + words.slice(1);
  }
  return new Intl.DateTimeFormat(language, { dateStyle: "full" }).format(time);
}

/** A span such as "3 min" or "45 s", rounded up to what people read. */
export function formatSpan(seconds: number, language: string): string {
  const [value, unit] =
    seconds < 90
      ? [Math.ceil(seconds), "second"]
      : seconds < 5400
        ? [Math.ceil(seconds / 60), "minute"]
        : [Math.ceil(seconds / 3600), "hour"];
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short" }).format(
    value,
  );
}
