/** Times as people read them. */

const two = (n) => String(n).padStart(2, "0");

/** Seconds of audio as mm:ss, or h:mm:ss from an hour on. */
export function clock(seconds) {
  const total = Math.max(0, Math.floor(seconds));
  const hours = Math.floor(total / 3600);
  const rest = `${two(Math.floor(total / 60) % 60)}:${two(total % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}

/** An ISO time as "3月24日 15:40", by the clock of the place where it was noted; with the year where it is not this one. */
export function moment(iso) {
  const [, year, month, day, time] = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}:\d{2})/.exec(iso ?? "") ?? [];
  if (!year) return iso || "";
  const shownYear = Number(year) === new Date().getFullYear() ? "" : `${year}年`;
  return `${shownYear}${Number(month)}月${Number(day)}日 ${time}`;
}
