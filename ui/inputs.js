/**
 * The input of each kind of field. An input is
 *   element             what to place in the form
 *   focusable           the element that takes the focus and belongs to the label
 *   read()              the value as the server wants it, null where empty; throws InvalidInput
 *   write(value, text)  show a value; `text` is the server's wording of it, "" where it has none
 * and it fires "change" (bubbling) when the agent has finished a change.
 */

import { combobox, named, SEARCH } from "./combobox.js";
import { h } from "./dom.js";

export class InvalidInput extends Error {}

/** Longer lists of choices are searched by typing, shorter ones are a plain menu. */
const MENU = 12;

/**
 * @param {{name: string, label: string, kind: string, choices: {value: string, display: string}[]}} field
 * @param {{candidates: () => {value: string, display: string}[], startedAt: () => string}} context
 *   candidates: the likeliest values now, best first; startedAt: when the call began, ISO with offset
 */
export function inputFor(field, context) {
  const id = `field-${field.name}`;
  const choices = field.choices ?? [];
  if (field.kind === "choice") return choices.length > MENU ? searched(id, choices, context) : menu(id, choices);
  if (field.kind === "list") return several(id, choices);
  const make = { name, longtext, boolean, number, datetime }[field.kind] ?? text;
  return make(id, { ...context, label: field.label, longest: field.longest });
}

const finished = (element) => element.dispatchEvent(new Event("change", { bubbles: true }));

/** What is typed into an input, as it stands. */
function words(input, longest) {
  const read = () => {
    const typed = input.value.trim();
    const { length } = Array.from(typed);
    if (length > longest) throw new InvalidInput(`最多 ${longest} 字，现有 ${length} 字，请缩短`);
    return typed || null;
  };
  return { element: input, focusable: input, read, write: (value) => (input.value = value ?? "") };
}

function text(id, { longest }) {
  const input = h("input", { id, type: "text", spellcheck: false });
  return words(input, longest);
}

/** One line of text, anything, with the candidates on offer. */
function name(id, { candidates, longest }) {
  const input = combobox({ id, choices: candidates, free: true, pick: () => finished(input) });
  return words(input, longest);
}

function longtext(id, { longest }) {
  const input = h("textarea", { id, rows: 4, spellcheck: false });
  return words(input, longest);
}

function number(id) {
  const input = h("input", { id, type: "text", inputMode: "decimal" });
  const read = () => {
    const typed = input.value.trim().replace(/[,，\s]/g, "");
    if (typed && !/^\d+(\.\d+)?$/.test(typed)) throw new InvalidInput("请填数字");
    return typed ? Number(typed) : null;
  };
  return { element: input, focusable: input, read, write: (value) => (input.value = value ?? "") };
}

function menu(id, choices) {
  const select = h("select", { id }, h("option", { value: "" }, "未填"), ...choices.map(option));
  const write = (value, shown) => {
    if (value && !choices.some((choice) => choice.value === value)) {
      select.querySelector(".foreign")?.remove();
      select.append(h("option", { value, class: "foreign" }, shown || value));
    }
    select.value = value ?? "";
  };
  return { element: select, focusable: select, read: () => select.value || null, write };
}

const option = ({ value, display }) => h("option", { value }, display);

function searched(id, choices, { candidates }) {
  const preferred = () => candidates().map(({ value }) => value);
  const input = combobox({ id, choices: () => choices, preferred, pick: () => finished(input) });
  let written = { value: null, text: "" };
  const read = () => {
    const typed = input.value.trim();
    if (!typed) return null;
    if (typed === written.text) return written.value;
    const choice = named(choices, typed);
    if (!choice) throw new InvalidInput("请从列表中选一项");
    return choice.value;
  };
  const write = (value, shown) => {
    const display = choices.find((choice) => choice.value === value)?.display;
    written = { value, text: display ?? (shown || (value ?? "")) };
    input.value = written.text;
    input.title = written.text;
  };
  return { element: input, focusable: input, read, write };
}

function boolean(id, { label }) {
  const answers = [["true", "是"], ["false", "否"], ["", "未说明"]];
  const radios = answers.map(([value]) => h("input", { type: "radio", name: id, value, id: value === "true" ? id : `${id}-${value || "none"}` }));
  const group = h("span", { class: "segments", role: "radiogroup", "aria-label": label },
    ...answers.map(([, word], index) => h("label", {}, radios[index], h("span", {}, word))));
  const read = () => ({ true: true, false: false }[radios.find((radio) => radio.checked)?.value] ?? null);
  const write = (value) => radios.forEach((radio) => {
    radio.checked = radio.value === (value === null || value === undefined ? "" : String(value));
    if (radio.checked) made.focusable = radio;
  });
  const made = { element: group, focusable: radios[2], read, write };
  return made;
}

/** A date, with a time of day where one was said, in one line: quicker to type than the browser's own date input. */
function datetime(id, { startedAt }) {
  const input = h("input", { id, type: "text", spellcheck: false, placeholder: "年-月-日 时:分" });
  let written = { value: null, text: "" };
  const read = () => (input.value.trim() === written.text ? written.value : parseMoment(input.value, startedAt()));
  const write = (value) => {
    const [, day = value ?? "", time = ""] = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}))?/.exec(value ?? "") ?? [];
    written = { value: value ?? null, text: `${day} ${time}`.trim() };
    input.value = written.text;
  };
  return { element: input, focusable: input, read, write };
}

/**
 * "2026-3-24 15:40", "3月24日", "3/24 15点" -> "2026-03-24T15:40:00+08:00", or the date alone where no time is given.
 * Year and offset are the call's where they are not said.
 */
function parseMoment(typed, startedAt) {
  const text = typed.trim();
  if (!text) return null;
  const form = /^(?:(\d{4})\s*[-/.年]\s*)?(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?(?:[\sT]*(\d{1,2})\s*[:：点时]\s*(\d{1,2})?\s*分?)?$/;
  const [, year = startedAt.slice(0, 4), month, day, hour, minute = "0"] = form.exec(text) ?? [];
  const date = `${year}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`;
  const known = new Date(`${date}T00:00:00Z`);
  const real = !Number.isNaN(known.getTime()) && known.toISOString().startsWith(date);
  if (!month || !real || hour > 23 || minute > 59) throw new InvalidInput("请写成 2026-03-24 15:40，时间可以不写");
  if (hour === undefined) return date;
  const offset = /([+-]\d{2}:\d{2}|Z)$/.exec(startedAt)?.[0] ?? "+08:00";
  return `${date}T${hour.padStart(2, "0")}:${minute.padStart(2, "0")}:00${offset}`;
}

/** Several values: chips that can be taken away, and one input to add. Without choices, words apart by 、. */
function several(id, choices) {
  let values = [];
  const chips = h("span", { class: "chips" });
  const add = choices.length
    ? combobox({ id, choices: () => choices, pick: (value) => take(value) })
    : h("input", { id, type: "text", spellcheck: false });
  add.placeholder = choices.length ? `添加，${SEARCH}` : "添加";
  const box = h("span", { class: "several" }, chips, add);
  const display = (value) => choices.find((choice) => choice.value === value)?.display ?? value;
  const draw = () =>
    chips.replaceChildren(...values.map((value) =>
      h("span", { class: "chip", title: display(value) }, h("span", {}, display(value)),
        h("button", { type: "button", "aria-label": `去掉${display(value)}`, onclick: () => change(values.filter((other) => other !== value)) }, "×"))));
  const change = (next) => {
    values = next;
    draw();
    finished(box);
  };
  const take = (value) => {
    add.value = "";
    if (!values.includes(value)) change([...values, value]);
  };
  box.addEventListener("click", (event) => event.target === box && add.focus());
  add.addEventListener("keydown", (event) => {
    if (event.key === "Backspace" && !add.value && values.length && !add.readOnly) change(values.slice(0, -1));
  });
  const read = () => {
    const typed = add.value.trim();
    if (!typed) return values.length ? values : null;
    if (!choices.length) return [...values, ...typed.split(/[、，,\s]+/).filter(Boolean)];
    const choice = named(choices, typed);
    if (!choice) throw new InvalidInput("请从列表中选一项");
    return values.includes(choice.value) ? values : [...values, choice.value];
  };
  const write = (value) => {
    values = [...(value ?? [])];
    add.value = "";
    draw();
  };
  return { element: box, focusable: add, read, write };
}
