/** The calls the server knows, newest first. */

/** @returns {Promise<{id: string, agent: string, caller_phone: string, started_at: string, ended_at: string|null,
 *   state: "live"|"ended", title: string, utterances: number}[]>} */
export async function listCalls(limit = 100) {
  const answer = await fetch(`/api/calls?limit=${limit}`);
  if (!answer.ok) throw new Error(`/api/calls: ${answer.status}`);
  return answer.json();
}
