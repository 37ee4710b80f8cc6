/** Words for an order's deadline. */

import { moment } from "./times.js";

const DAY = 86400000;
const RUNNING = new Set(["accepted", "dispatched", "in_progress", "returned"]);

/** @returns {{text: string, kind: "alarm"|"warning"|""}|null} how long there is left, null where no deadline runs */
export function dueWords({ due, state, overdue }) {
  if (!due || !RUNNING.has(state)) return null;
  const left = new Date(due) - Date.now();
  if (overdue || left < 0) return { text: `超期 ${Math.max(1, Math.ceil(-left / DAY))} 天`, kind: "alarm" };
  if (left < DAY) return { text: `今天内到期 ${moment(due).split(" ")[1]}`, kind: "warning" };
  const days = Math.floor(left / DAY);
  return { text: `还剩 ${days} 天`, kind: days < 3 ? "warning" : "" };
}
