/** The form of one article: all its fields, what the server finds wrong with each, and whether anything is unsaved. */

import { h } from "./dom.js";
import { HEADINGS } from "./api.js";
import { CALLER_KINDS, choices } from "./kb-names.js";
import { picker } from "./kb-picker.js";

const HINTS = { similar_questions: "每行一种问法", keywords: "每行一个", valid_from: "留空：一直有效", valid_to: "留空：长期有效" };
/** Field -> [kind, share of a row of twelve]. */
const LAYOUT = {
  title: ["text", 12], question: ["text", 12], answer: ["long", 12],
  department: ["department", 6], category: ["category", 6],
  caller_kind: ["kind", 4], valid_from: ["day", 4], valid_to: ["day", 4],
  similar_questions: ["lines", 6], keywords: ["lines", 6], source: ["text", 12],
};
const REQUIRED = ["title", "answer"];

export class Editor {
  /**
   * @param {object} article what to begin with; `id` empty: a new one
   * @param {{save: () => void, cancel: () => void, changed: () => void}} actions
   */
  constructor(article, { save, cancel, changed }) {
    this.id = article.id ?? "";
    this.version = article.version;
    this.inputs = {};
    this.problems = {};
    this.top = h("div", { class: "form-problems", role: "alert" });
    const fields = Object.entries(LAYOUT).map(([name, [kind, share]]) => this.#field(name, kind, share, article[name]));
    this.button = h("button", { class: "primary" }, "保存 ", h("kbd", {}, "Ctrl+S"));
    this.form = h("form", { class: "kb-form", autocomplete: "off", noValidate: true, oninput: changed, onchange: changed },
      h("header", { class: "panel-head" },
        h("h1", {}, this.id ? "编辑条目" : "新建条目"), h("span", { class: "note" }, this.id),
        h("span", { class: "spacer" }), h("span", { class: "note", role: "status", data: { role: "dirty" } }),
        this.button, h("button", { type: "button", class: "quiet", onclick: cancel }, "取消 ", h("kbd", {}, "Esc"))),
      h("div", { class: "kb-scroll" }, this.top, h("div", { class: "fields" }, ...fields)));
    this.form.addEventListener("input", (event) => this.#corrected(event.target.closest(".field")));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      save();
    });
    this.saved = JSON.stringify(this.read());
  }

  /** Whether something has been typed that is not saved. */
  get dirty() {
    const unreadable = Object.values(this.inputs).some(({ wrong }) => wrong?.());
    return unreadable || JSON.stringify(this.read()) !== this.saved;
  }

  /** The article as it is typed, as the server takes it. */
  read() {
    return Object.fromEntries(Object.entries(this.inputs).map(([name, input]) => [name, input.read()]));
  }

  /** What can be seen to be wrong without asking the server. */
  check() {
    return Object.entries(this.inputs).flatMap(([name, { wrong }]) => (wrong?.() ? [{ column: HEADINGS[name], reason: wrong() }] : []));
  }

  /** Show problems at their fields, those of no field at the top, and go to the first. */
  show(problems) {
    const left = problems.filter(({ column }) => !Object.values(HEADINGS).includes(column));
    this.top.replaceChildren(...left.map(({ column, reason }) => h("p", {}, column ? `${column}：${reason}` : reason)));
    let first = null;
    for (const name of Object.keys(this.inputs)) {
      const reasons = problems.filter(({ column }) => column === HEADINGS[name]).map(({ reason }) => reason);
      this.#tell(name, reasons.join(" "));
      if (reasons.length) first ??= this.inputs[name].element;
    }
    if (problems.length) document.activeElement.blur(); // closes a list that would cover what is told
    if (first) first.focus();
    else if (left.length) this.top.scrollIntoView({ block: "nearest" });
  }

  busy(saving) {
    this.button.disabled = saving;
    this.button.firstChild.data = saving ? "正在保存… " : "保存 ";
  }

  /** Show whether there is unsaved text. */
  tellDirty() {
    this.form.querySelector('[data-role="dirty"]').textContent = this.dirty ? "有未保存的修改" : "";
  }

  #tell(name, problem) {
    const place = this.problems[name];
    place.textContent = problem;
    place.hidden = !problem;
    place.parentElement.dataset.look = problem ? "problem" : "";
    this.inputs[name].element.setAttribute("aria-invalid", String(Boolean(problem)));
  }

  /** What has been typed since is not what the problem was told of. */
  #corrected(field) {
    if (field) this.#tell(field.dataset.field, "");
  }

  #field(name, kind, share, value) {
    const id = `edit-${name}`;
    const input = makers[kind](id, value);
    this.inputs[name] = input;
    const problem = h("p", { class: "problem", id: `${id}-problem`, hidden: true });
    this.problems[name] = problem;
    input.element.setAttribute("aria-describedby", problem.id);
    const required = REQUIRED.includes(name) && h("abbr", { title: "必填" }, " *");
    return h("div", { class: "field", data: { field: name, share: String(share), kind } },
      h("div", { class: "field-head" }, h("label", { class: "name", for: id }, HEADINGS[name], required),
        HINTS[name] && h("span", { class: "note" }, HINTS[name])),
      h("div", { class: "control" }, input.element), problem);
  }
}

const typed = (element) => ({ element, read: () => element.value.trim() });

const several = (element) => ({
  element,
  read: () => element.value.split("\n").map((line) => line.trim()).filter(Boolean),
});

function day(id, value) {
  const element = h("input", { id, type: "date", value: value ?? "", max: "9999-12-31" });
  return { element, read: () => element.value || null, wrong: () => (element.validity.badInput ? "日期没有填完整，或没有这一天。" : "") };
}

/** Made once for all forms, of which one is open at a time: each leaves its list of options in the page. */
function chosen(options) {
  let made;
  return (id, value) => {
    made ??= picker({ id, choices: options(), empty: "未填", changed: () => made.element.dispatchEvent(new Event("input", { bubbles: true })) });
    made.set(value ?? "");
    made.element.removeAttribute("aria-invalid");
    return { element: made.element, read: () => made.get() ?? made.element.value, wrong: () => (made.get() === null ? "请从列表中选一项。" : "") };
  };
}

const makers = {
  text: (id, value) => typed(h("input", { id, type: "text", value: value ?? "" })),
  long: (id, value) => typed(h("textarea", { id, rows: 9, value: value ?? "" })),
  lines: (id, value) => several(h("textarea", { id, rows: 5, value: (value ?? []).join("\n") })),
  kind: (id, value) => {
    const element = h("select", { id }, ...CALLER_KINDS.map(([kind, text]) => h("option", { value: kind }, text)));
    element.value = value ?? "";
    return { element, read: () => element.value };
  },
  day,
  department: chosen(() => choices.departments),
  category: chosen(() => choices.categories),
};
