/** Text with some of its characters lit up. */

import { h } from "./dom.js";

/**
 * The text as nodes, the given spans in <mark>; spans that touch or overlap become one.
 * @param {string} text
 * @param {[number, number][]} spans [start, end) in code points, as the server counts them
 * @returns {(Node|string)[]}
 */
export function marked(text, spans = []) {
  if (!spans.length) return [text];
  const characters = Array.from(text);
  const lit = new Array(characters.length).fill(false);
  for (const [start, end] of spans) lit.fill(true, start, end);
  const parts = [];
  for (let from = 0, to = 0; from < characters.length; from = to) {
    while (to < characters.length && lit[to] === lit[from]) to += 1;
    const piece = characters.slice(from, to).join("");
    parts.push(lit[from] ? h("mark", {}, piece) : piece);
  }
  return parts;
}
