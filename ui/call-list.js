/** The calls the server knows, newest first. */

import { ask } from "./api.js";

/** @returns {Promise<{id: string, agent: string, caller_phone: string, started_at: string, ended_at: string|null,
 *   state: "live"|"ended", title: string, utterances: number}[]>} */
export function listCalls(limit = 100) {
  return ask("/api/calls", { query: { limit } });
}
