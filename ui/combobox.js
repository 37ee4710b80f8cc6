/** An input that finds one of many choices as one types (the ARIA combobox pattern with a list). */

import { h } from "./dom.js";

export const SEARCH = "输入几个字或拼音首字母";
const SHOWN = 60;
let lists = 0;

/**
 * @typedef {{value: string, display: string, initials?: string}} Choice
 *   `initials`: what each spoken character of `display` is typed by in pinyin initials, apart by blanks; several letters
 *   for one of several readings, commonest first ("z g y xh"); short names follow, each behind a comma
 */

/**
 * @param {{id: string, choices: () => Choice[], preferred?: () => string[], free?: boolean, pick: (value: string) => void}} options
 *   `preferred` values head the list while nothing is typed; `free`: anything may be typed, the choices are an offer
 * @returns {HTMLInputElement}
 */
export function combobox({ id, choices, preferred = () => [], free = false, pick }) {
  const list = h("ul", { class: "options", role: "listbox", id: `options-${++lists}`, hidden: true });
  const input = h("input", {
    id, type: "text", role: "combobox", spellcheck: false, placeholder: free ? "" : SEARCH,
    "aria-expanded": "false", "aria-controls": list.id, "aria-autocomplete": "list",
  });
  let shown = [];
  let active = -1;
  document.body.append(list);

  const close = () => {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };

  const open = (typed) => {
    if (input.readOnly) return;
    shown = typed ? matching(choices(), typed) : leading(choices(), preferred());
    if (free && !shown.length) return close();
    list.replaceChildren(...shown.map((choice, index) =>
      h("li", { role: "option", id: `${list.id}-${index}`, onpointerdown: (event) => choose(event, choice) }, choice.display)));
    if (!shown.length) list.append(h("li", { class: "none" }, "没有匹配的选项"));
    place(list, input);
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    return activate(typed && shown.length && !free ? 0 : -1);
  };

  const activate = (index) => {
    list.children[active]?.setAttribute("aria-selected", "false");
    active = index;
    if (index < 0) return input.removeAttribute("aria-activedescendant");
    list.children[index].setAttribute("aria-selected", "true");
    list.children[index].scrollIntoView({ block: "nearest" });
    return input.setAttribute("aria-activedescendant", list.children[index].id);
  };

  const choose = (event, choice) => {
    event.preventDefault();
    input.value = choice.display;
    close();
    pick(choice.value);
  };

  input.addEventListener("input", () => open(input.value.trim()));
  input.addEventListener("blur", close);
  input.addEventListener("focus", () => input.select());
  input.addEventListener("pointerdown", () => list.hidden && open(""));
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const { key } = event;
    if (key === "ArrowDown" || key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) open("");
      if (!list.hidden && shown.length) activate((active + (key === "ArrowDown" ? 1 : -1) + shown.length) % shown.length);
    } else if (key === "Enter" && !event.ctrlKey && !list.hidden) {
      if (active < 0) return close();
      event.stopPropagation();
      choose(event, shown[active]);
    } else if (key === "Escape" && !list.hidden) {
      event.stopPropagation();
      event.preventDefault();
      close();
    }
  });
  addEventListener("resize", close);
  document.addEventListener("scroll", (event) => event.target.contains(input) && close(), { capture: true, passive: true });
  return input;
}

/** The choice that typed words name: exactly, or as the only one that contains them. */
export function named(choices, typed) {
  const exact = choices.find((choice) => choice.display === typed || choice.value === typed);
  if (exact) return exact;
  const found = matching(choices, typed);
  return found.length === 1 ? found[0] : null;
}

/** First the choices that hold every typed word as it stands, then those of which it begins the characters in pinyin (in
 * their common readings before others), then those that hold the characters in their order. */
function matching(choices, typed) {
  const words = typed.toLowerCase().split(/\s+/);
  const inOrder = Array.from(typed.toLowerCase().replace(/\s+/g, ""));
  const [whole, begun, rare, scattered] = [[], [], [], []];
  for (const choice of choices) {
    const text = `${choice.display} ${choice.value}`.toLowerCase();
    const names = (choice.initials ?? "").split(",").map((name) => name.split(" "));
    if (words.every((word) => text.includes(word))) whole.push(choice);
    else if (names.some((letters) => follow(letters, inOrder, (reading, letter) => reading[0] === letter))) begun.push(choice);
    else if (names.some((letters) => follow(letters, inOrder, (reading, letter) => reading.includes(letter)))) rare.push(choice);
    else if (holdsInOrder(text, inOrder)) scattered.push(choice);
  }
  return [...whole, ...begun, ...rare, ...scattered].slice(0, SHOWN);
}

/** Whether the characters stand one behind the other somewhere among the letters. */
function follow(letters, characters, fits) {
  return letters.some((_, start) => characters.every((character, place) => fits(letters[start + place] ?? "", character)));
}

function holdsInOrder(text, characters) {
  let at = -1;
  return characters.every((character) => (at = text.indexOf(character, at + 1)) >= 0);
}

function leading(choices, preferred) {
  const first = preferred.map((value) => choices.find((choice) => choice.value === value)).filter(Boolean);
  return [...first, ...choices.filter((choice) => !first.includes(choice))];
}

/** Below the input, or above it where there is more room. */
function place(list, input) {
  const box = input.getBoundingClientRect();
  const below = innerHeight - box.bottom - 8;
  const up = below < 200 && box.top > below;
  Object.assign(list.style, {
    left: `${box.left}px`,
    minWidth: `${box.width}px`,
    maxHeight: `${Math.min(320, up ? box.top - 8 : below)}px`,
    top: up ? "auto" : `${box.bottom + 2}px`,
    bottom: up ? `${innerHeight - box.top + 2}px` : "auto",
  });
}
