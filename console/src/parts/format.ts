import type { Labels } from '../locales/en';
import type { Language } from '../locales/language';

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** Formats a size with its unit: `1.5 MiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${BYTE_UNITS[unit]}`;
}

/** Formats bytes in the unit of another number, such as the distance of the marks of an axis, as a whole number. */
export function formatBytesLike(bytes: number, like: number): string {
  const unit = BYTE_UNITS.findLastIndex((_, power) => power === 0 || like >= 1024 ** power);
  return `${Math.round(bytes / 1024 ** unit)} ${BYTE_UNITS[unit]}`;
}

/** Formats a share as a percentage, rounded down: one failure among a thousand is not 100 %. */
export function formatRate(part: number, all: number): string {
  return all ? `${Math.floor((part / all) * 100)}%` : '–';
}

/** Formats a number with thousands separators. */
export function formatCount(count: number, language: Language): string {
  return new Intl.NumberFormat(language === 'zh' ? 'zh-CN' : 'en-US', { maximumFractionDigits: 0 }).format(count);
}

/** Formats a time in the reader's zone, with the zone: `2026-11-22 22:05:06 +01:00`. */
export function formatMoment(rfc3339: string): string {
  const [written, zone] = partsOfMoment(rfc3339);
  return `${written} ${zone}`.trim();
}

/** Returns date and time in the reader's zone, and that zone. */
export function partsOfMoment(rfc3339: string): [string, string] {
  const moment = new Date(rfc3339);
  if (Number.isNaN(moment.getTime())) return [rfc3339, ''];
  const two = (n: number) => String(n).padStart(2, '0');
  const date = `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
  const time = `${two(moment.getHours())}:${two(moment.getMinutes())}:${two(moment.getSeconds())}`;
  return [`${date} ${time}`, zoneOf(moment)];
}

/** Formats only the time of day, for lines of a log: `22:05:06.123`. */
export function formatTimeOfDay(rfc3339: string): string {
  const moment = new Date(rfc3339);
  if (Number.isNaN(moment.getTime())) return rfc3339;
  const two = (n: number) => String(n).padStart(2, '0');
  const ms = String(moment.getMilliseconds()).padStart(3, '0');
  return `${two(moment.getHours())}:${two(moment.getMinutes())}:${two(moment.getSeconds())}.${ms}`;
}

function zoneOf(moment: Date): string {
  const minutes = -moment.getTimezoneOffset();
  const two = (n: number) => String(n).padStart(2, '0');
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** Formats a duration with its two largest units: `1 h 5 min`. */
export function formatSeconds(seconds: number, labels: Labels): string {
  const { day, hour, minute, second } = labels.time;
  if (seconds < 0.1) return `< 0.1 ${second}`;
  if (seconds < 10 && seconds % 1 !== 0) return `${seconds.toFixed(1)} ${second}`;
  const whole = Math.round(seconds);
  const parts: Array<[number, string]> = [
    [Math.floor(whole / 86400), day],
    [Math.floor(whole / 3600) % 24, hour],
    [Math.floor(whole / 60) % 60, minute],
    [whole % 60, second],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  if (first < 0) return `0 ${second}`;
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}

/** The maximum age in days that is shown as "ago"; for an older time, the date is clearer. */
const AGO_MOST_DAYS = 30;

/**
 * Formats how long ago a time was, or how long until it, with its largest unit: `3 h ago`; undefined if that is long.
 */
export function formatAgo(rfc3339: string, labels: Labels, now = Date.now()): string | undefined {
  const seconds = (now - new Date(rfc3339).getTime()) / 1000;
  const away = Math.abs(seconds);
  if (Number.isNaN(away) || away >= AGO_MOST_DAYS * 86400) return undefined;
  const { day, hour, minute, ago, ahead, now: justNow } = labels.time;
  if (away < 60) return justNow;
  const [size, unit] = away >= 86400 ? [86400, day] : away >= 3600 ? [3600, hour] : [60, minute];
  const span = `${Math.floor(away / size)} ${unit}`;
  return seconds < 0 ? ahead(span) : ago(span);
}

/** Returns the seconds from one time to another, or to now. */
export function secondsBetween(from: string, until: string | null | undefined): number {
  const end = until ? new Date(until).getTime() : Date.now();
  return Math.max(0, (end - new Date(from).getTime()) / 1000);
}

/** Formats a duration in microseconds: `12 ms`. */
export function formatLatency(us: number): string {
  return us < 1000 ? '< 1 ms' : us < 1_000_000 ? `${(us / 1000).toFixed(us < 10_000 ? 1 : 0)} ms` : `${(us / 1_000_000).toFixed(1)} s`;
}
