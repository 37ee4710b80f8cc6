/** The departments' phone book and common tips, one keystroke away: found as one types, copied with Enter. */

import { copyText } from "./clipboard.js";
import { byId, h } from "./dom.js";

const GUIDE = "↑ ↓ 选择，Enter 或点按复制电话，Esc 关闭";

export class Tips {
  /**
   * @param {HTMLElement} panel where it opens
   * @param {HTMLElement[]} behind what it hides: out of reach while it is open
   */
  constructor(panel, behind) {
    this.behind = behind;
    this.list = h("ul", { class: "tips-list", role: "listbox", id: "tips-list", "aria-label": "部门电话和常用提示" });
    this.input = h("input", {
      type: "search", role: "combobox", autocomplete: "off", spellcheck: false, id: "tips-query",
      placeholder: "名称、电话或首字母，如 sbj", "aria-label": "查部门电话和常用提示",
      "aria-expanded": "true", "aria-controls": this.list.id, "aria-autocomplete": "list",
    });
    this.said = h("p", { class: "note tips-said", role: "status" }, GUIDE);
    this.root = h("section", { class: "tips", id: "tips", role: "dialog", "aria-labelledby": "tips-title", tabIndex: -1, hidden: true },
      h("header", { class: "panel-head" },
        h("h1", { id: "tips-title" }, "常用提示"),
        this.input,
        h("button", { type: "button", class: "quiet small", onclick: () => this.close() }, "关闭 ", h("kbd", {}, "Esc"))),
      this.list, this.said);
    panel.append(this.root);
    this.root.addEventListener("keydown", (event) => this.#key(event));
    this.input.addEventListener("input", () => this.#find());
    byId("tips-open").addEventListener("click", () => this.open());
    /** @type {object[]} what is listed */
    this.shown = [];
    this.active = -1;
  }

  get isOpen() {
    return !this.root.hidden;
  }

  /** Open it; pressed again, close it. */
  toggle() {
    if (this.isOpen && this.root.contains(document.activeElement)) this.close();
    else this.open();
  }

  open() {
    if (!this.isOpen) {
      this.before = document.activeElement;
      this.#cover(true);
      this.input.value = "";
      this.said.textContent = GUIDE;
      this.said.dataset.done = "false";
      this.#find();
    }
    this.input.focus();
    this.input.select();
  }

  /** True if it was open. The focus goes back to where it was, unless it has been moved on. */
  close() {
    if (!this.isOpen) return false;
    const inside = this.root.contains(document.activeElement) || document.activeElement === document.body;
    this.asking?.abort();
    this.#cover(false);
    if (inside && this.before?.isConnected) this.before.focus({ preventScroll: true });
    return true;
  }

  #cover(covered) {
    this.root.hidden = !covered;
    for (const element of this.behind) element.inert = covered;
  }

  async #find() {
    this.asking?.abort();
    const asking = new AbortController();
    this.asking = asking;
    const query = this.input.value.trim();
    try {
      const answer = await fetch(`/api/tips?${new URLSearchParams({ q: query })}`, { signal: asking.signal });
      if (!answer.ok) throw new Error(String(answer.status));
      const tips = await answer.json();
      if (!asking.signal.aborted) this.#list(tips, query);
    } catch (error) {
      if (error.name !== "AbortError") this.#list([], query, "没有查成，请稍后再试");
    }
  }

  #list(tips, query, reason = `没有找到“${query}”，换个说法或首字母试试`) {
    this.shown = tips;
    this.list.replaceChildren(...tips.map((tip, index) => this.#row(tip, index)));
    if (!tips.length) this.list.append(h("li", { class: "empty" }, reason));
    this.list.scrollTop = 0;
    this.#activate(query && tips.length ? 0 : -1);
  }

  #row(tip, index) {
    return h("li", { class: "tip", role: "option", id: `tip-${index}`, "aria-selected": "false", onclick: () => this.#clicked(index) },
      h("span", { class: "tip-title" }, tip.title, tip.kind === "tip" && h("small", {}, "提示")),
      h("span", { class: "tip-phone" }, tip.phone || "无电话"),
      h("span", { class: "tip-text" }, tip.also?.length > 0 && h("span", {}, tip.also.join("、")), tip.text));
  }

  #activate(index) {
    this.list.children[this.active]?.setAttribute("aria-selected", "false");
    this.active = index;
    if (index < 0) return this.input.removeAttribute("aria-activedescendant");
    const row = this.list.children[index];
    row.setAttribute("aria-selected", "true");
    row.scrollIntoView({ block: "nearest" });
    return this.input.setAttribute("aria-activedescendant", row.id);
  }

  /** A click copies, unless it ends a drag that selected some words. */
  #clicked(index) {
    if (String(getSelection())) return;
    this.#activate(index);
    this.#copy(index);
    this.input.focus();
  }

  async #copy(index) {
    const { phone, title } = this.shown[index];
    const copied = phone && (await copyText(phone));
    this.said.textContent = !phone ? `${title}没有电话` : copied ? `已复制 ${phone}（${title}）` : "复制失败，请手动选取";
    this.said.dataset.done = String(Boolean(copied));
  }

  #key(event) {
    if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    const { key } = event;
    const at = { ArrowDown: this.active + 1, ArrowUp: this.active - 1 }[key];
    if (key === "Escape") this.close();
    else if (at !== undefined) this.shown.length && this.#activate((at + this.shown.length) % this.shown.length);
    else if (key === "Enter" && event.target === this.input) this.active >= 0 && this.#copy(this.active);
    else return;
    event.preventDefault();
  }
}
