/** Advice during the call: what is urgent is announced at once and stays until it is dismissed. */

import { byId, h } from "./dom.js";

const TITLES = { urgent: "紧急", conflict: "有出入", missing: "待问", ask: "可问", audio: "声音", deadline: "时限", tip: "提示" };
const STORE = "seat.dismissed";

export class Hints {
  /**
   * @param {(key: string) => void} dismissed tells all windows, this one too
   * @param {((field: string, conflict: {value: unknown, display: string, keep: () => void} | null) => void) | null} beside
   *   shows at its field what contradicts it, or no longer; null where the form is in another window
   */
  constructor(dismissed, beside) {
    this.alerts = byId("alerts");
    this.notices = byId("notices");
    this.dismissed = dismissed;
    this.beside = beside;
    this.reset("");
  }

  /** No advice yet; what was dismissed of this call before a reload stays so. */
  reset(call) {
    this.call = call;
    /** Kind and text of all that was raised or is dismissed. */
    this.known = new Set(dismissedOf(call));
    this.gone = [...this.known];
    /** @type {Map<string, HTMLElement>} kind and text -> its line */
    this.lines = new Map();
    /** @type {Map<string, string>} field -> kind and text of what stands beside it */
    this.conflicts = new Map();
    this.alerts.replaceChildren();
    this.notices.replaceChildren();
  }

  raise({ kind, text, field, value, display }) {
    const key = `${kind} ${text}`;
    if (this.known.has(key)) return;
    this.known.add(key);
    if (field) this.settle(field);
    if (field && this.beside) {
      this.conflicts.set(field, key);
      this.beside(field, { value, display, keep: () => this.dismissed(key) });
      return;
    }
    const line = h("div", { class: "hint", data: { kind, field: field ?? "" } },
      h("strong", { class: "kind" }, TITLES[kind] ?? TITLES.tip),
      h("span", { class: "text" }, text),
      h("span", { class: "note more" }),
      h("button", { type: "button", class: "quiet small", onclick: () => this.dismissed(key) }, "知道了"));
    if (kind === "ask") this.notices.querySelectorAll('[data-kind="ask"]').forEach((earlier) => earlier.remove());
    this.lines.set(key, line);
    (kind === "urgent" ? this.alerts : this.notices).prepend(line);
    this.#limit();
  }

  dismiss(key) {
    this.known.add(key);
    this.gone.push(key);
    sessionStorage.setItem(STORE, JSON.stringify({ call: this.call, keys: this.gone }));
    this.lines.get(key)?.remove();
    for (const [field, each] of this.conflicts) if (each === key) this.settle(field);
    this.#limit();
  }

  /** Nobody can be asked any more. */
  ended() {
    this.notices.querySelectorAll('[data-kind="ask"]').forEach((line) => line.remove());
    this.#limit();
  }

  /** The agent has decided about a field: what contradicted it before is no news. */
  settle(field) {
    this.notices.querySelectorAll(`[data-field="${field}"]`).forEach((line) => line.remove());
    if (this.conflicts.delete(field)) this.beside(field, null);
    this.#limit();
  }

  /** One notice at a time, the newest, in a line that is always there: nothing on the page moves when it comes or goes. */
  #limit() {
    const [newest, ...older] = this.notices.children;
    for (const line of older) line.hidden = true;
    if (!newest) return;
    newest.hidden = false;
    newest.querySelector(".more").textContent = older.length ? `另有 ${older.length} 条` : "";
  }
}

/** What was dismissed of a call in this window. */
function dismissedOf(call) {
  const { call: of, keys } = JSON.parse(sessionStorage.getItem(STORE) ?? "{}");
  return of === call ? keys : [];
}
