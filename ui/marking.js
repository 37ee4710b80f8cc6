/** What of a line is marked: the words that a field came from, and those that the agent has asked for. */

import { h } from "./dom.js";

/** Fields whose words are names, numbers and times; other fields rest on whole sentences. */
const ENTITIES = new Set([
  "caller_name", "contact_phone", "subject", "occurred_at", "amount", "people_affected", "district", "street", "community",
  "road", "compound", "building", "unit", "room",
]);

export const isEntity = (field) => ENTITIES.has(field);

/**
 * The text in parts; characters are code points.
 * @param {string} text
 * @param {{start: number, end: number}[]} asked wrapped in <mark>; overlapping ones become one
 * @param {{start: number, end: number, label: string}[]} entities underlined, with the names of their fields
 */
export function marked(text, asked, entities) {
  if (!asked.length && !entities.length) return [text];
  const characters = Array.from(text);
  const lit = new Array(characters.length).fill(false);
  for (const { start, end } of asked) lit.fill(true, start, end);
  const labels = characters.map((_, at) => [...new Set(entities.filter(({ start, end }) => start <= at && at < end).map(({ label }) => label))].join("、"));
  const words = (from, to) =>
    runs(from, to, (at) => labels[at]).map(([start, end]) => {
      const piece = characters.slice(start, end).join("");
      return labels[start] ? h("span", { class: "entity", title: labels[start] }, piece) : piece;
    });
  return runs(0, characters.length, (at) => lit[at]).flatMap(([from, to]) => (lit[from] ? [h("mark", {}, ...words(from, to))] : words(from, to)));
}

/** Neighbouring places of the same kind, as [start, end). */
function runs(from, to, kind) {
  const found = [];
  for (let start = from, end = from; start < to; start = end) {
    while (end < to && kind(end) === kind(start)) end += 1;
    found.push([start, end]);
  }
  return found;
}
