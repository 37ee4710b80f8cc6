/** A choice among many, found by typing: the desk's combobox with a value that can be read, set and cleared. */

import { combobox, named, SEARCH } from "./combobox.js";

/**
 * @param {{id: string, choices: import("./combobox.js").Choice[], empty: string, strict?: boolean, changed: () => void}} options
 *   `empty`: what having chosen nothing is called; `strict`: what names no choice is not left standing
 * @returns {{element: HTMLInputElement, get(): string|null, set(value: string): void}} get: null where what was typed is no choice
 */
export function picker({ id, choices, empty, strict = false, changed }) {
  let value = "";
  const shown = () => choices.find((choice) => choice.value === value)?.display ?? value;
  const pick = (picked) => {
    set(picked);
    changed();
  };
  const element = combobox({ id, choices: () => choices, preferred: () => [value], pick });
  element.placeholder = `${empty}，${SEARCH}`;
  const get = () => {
    const typed = element.value.trim();
    if (!typed) return "";
    return typed === shown() ? value : (named(choices, typed)?.value ?? null);
  };
  const set = (given) => {
    value = given;
    element.value = shown();
    element.title = shown();
  };
  element.addEventListener("input", () => value && !element.value && pick(""));
  element.addEventListener("blur", () => {
    const now = get();
    if (now === null && strict) set(value);
    else if (now !== null && now !== value) pick(now);
  });
  return { element, get, set };
}
