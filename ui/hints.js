/** Advice during the call: what is urgent is announced at once and stays until it is dismissed. */

import { byId, h } from "./dom.js";

const TITLES = { urgent: "紧急", conflict: "有出入", missing: "待问", ask: "可问", audio: "声音", deadline: "时限", tip: "提示" };
/** Plain hints beyond the newest few step back, so that they never push the conversation off the screen. */
const SHOWN = 2;

export class Hints {
  /** @param {(key: string) => void} dismissed tells the other windows */
  constructor(dismissed) {
    this.alerts = byId("alerts");
    this.notices = byId("notices");
    this.dismissed = dismissed;
    this.reset();
  }

  reset() {
    /** @type {Map<string, HTMLElement>} kind and text -> its line */
    this.lines = new Map();
    this.alerts.replaceChildren();
    this.notices.replaceChildren();
  }

  raise({ kind, text }) {
    const key = `${kind} ${text}`;
    if (this.lines.has(key)) return;
    const line = h("div", { class: "hint", data: { kind } },
      h("strong", { class: "kind" }, TITLES[kind] ?? TITLES.tip),
      h("span", { class: "text" }, text),
      h("button", { type: "button", class: "quiet small", onclick: () => this.dismissed(key) }, "知道了"));
    if (kind === "ask") this.notices.querySelectorAll('[data-kind="ask"]').forEach((earlier) => earlier.remove());
    this.lines.set(key, line);
    (kind === "urgent" ? this.alerts : this.notices).prepend(line);
    this.#limit();
  }

  dismiss(key) {
    this.lines.get(key)?.remove();
    this.#limit();
  }

  #limit() {
    [...this.notices.children].forEach((line, index) => (line.hidden = index >= SHOWN));
  }
}
