/** The tab of what is due for review: articles that end soon, have ended, or that nobody has looked at for long. */

import { byId, h } from "./dom.js";
import { ask } from "./api.js";
import { editorName, onChange, review } from "./kb-changes.js";
import { departmentName, today, validity } from "./kb-names.js";
import { failed, loading, say, sayError } from "./notice.js";
import { hash } from "./kb-router.js";
import { moment } from "./times.js";

const DAYS = [30, 60, 90];
const MORE = 100;
const A_YEAR = 365;
const KINDS = [["all", "全部"], ["expired", "已失效"], ["soon", "即将失效"], ["old", "久未复核"]];

export class Review {
  constructor() {
    this.days = DAYS[0];
    this.kind = "all";
    this.shown = MORE;
    this.box = byId("review-list");
    this.since = byId("review-since");
    this.since.value = today(-A_YEAR);
    this.since.max = today();
    this.since.addEventListener("change", () => this.since.value && this.#load());
    byId("review-days").replaceChildren(...DAYS.map((days) =>
      h("button", { type: "button", class: "quiet small", data: { days: String(days) }, onclick: () => this.#within(days) }, `${days} 天`)));
    /** Reviewed here since the list was read: they stay in their place until it is read again. */
    this.done = new Set();
    this.reviewing = false;
    this.stale = true;
    onChange((soon) => (this.stale ||= !soon && !this.reviewing));
  }

  show() {
    this.#press();
    if (this.stale) this.#load();
  }

  #within(days) {
    this.days = days;
    this.#press();
    this.#load();
  }

  #press() {
    for (const button of byId("review-days").children) button.setAttribute("aria-pressed", String(button.dataset.days === String(this.days)));
  }

  async #load() {
    this.asking?.abort();
    this.asking = new AbortController();
    this.box.replaceChildren(loading());
    byId("review-kinds").replaceChildren();
    try {
      this.due = await ask("/api/knowledge/review", { query: { days: this.days, since: this.since.value }, signal: this.asking.signal });
      this.done.clear();
      this.stale = false;
      this.shown = MORE;
      this.#draw();
    } catch (error) {
      if (error.name !== "AbortError") this.box.replaceChildren(failed(error, () => this.#load()));
    }
  }

  #draw() {
    const of = (kind) => this.due.filter((article) => kind === "all" || kinds(article, this.since.value, this.days).includes(kind));
    byId("review-kinds").replaceChildren(...KINDS.map(([kind, text]) =>
      h("button", { type: "button", class: "quiet small", "aria-pressed": String(kind === this.kind), onclick: () => this.#choose(kind) }, `${text} ${of(kind).length}`)));
    const rows = of(this.kind);
    if (!rows.length) {
      this.box.replaceChildren(h("p", { class: "empty" }, this.due.length ? "没有这一类的条目" : "没有需要复核的条目"));
      return;
    }
    const left = rows.length - this.shown;
    const more = () => {
      this.shown += MORE;
      this.#draw();
    };
    this.box.replaceChildren(
      h("table", {},
        h("thead", {}, h("tr", {}, ...["标题", "承办单位", "失效日期", "原因", "最近复核", ""].map((text) => h("th", { scope: "col" }, text)))),
        h("tbody", {}, ...rows.slice(0, this.shown).map((article) => this.#row(article)))),
      left > 0 ? h("p", { class: "empty" }, h("button", { type: "button", onclick: more }, `再显示 ${Math.min(MORE, left)} 条（还有 ${left} 条）`)) : "");
  }

  #choose(kind) {
    this.kind = kind;
    this.shown = MORE;
    this.#draw();
    byId("review-kinds").querySelector('[aria-pressed="true"]').focus();
  }

  #row(article) {
    const { state } = validity(article);
    const address = hash("articles", article.id);
    const done = this.done.has(article.id);
    const button = h("button", { type: "button", class: "small", disabled: done, onclick: () => this.#review(article, button) }, done ? "已复核" : "复核");
    const open = (event) => event.target.closest("a, button") || location.assign(address);
    return h("tr", { data: { article: article.id }, onclick: open },
      h("td", { class: "title" }, h("a", { href: address }, article.title), h("div", { class: "note" }, article.id)),
      h("td", {}, departmentName(article.department)),
      h("td", {}, article.valid_to ?? "长期"),
      h("td", { class: "reasons", data: { state } }, ...article.reasons.map((reason) => h("div", {}, reason))),
      h("td", {}, article.reviewed_at ? `${moment(article.reviewed_at)} ${article.reviewed_by}` : "—"),
      h("td", { class: "row-actions" }, state === "expired" && h("a", { class: "button quiet small", href: hash("edit", article.id) }, "编辑"), button));
  }

  async #review(article, button) {
    const by = editorName();
    if (!by) return;
    button.disabled = true;
    this.reviewing = true;
    try {
      await review(article.id, by);
      this.done.add(article.id);
      button.textContent = "已复核";
      const next = button.closest("tr").nextElementSibling?.querySelector("button");
      next?.focus();
      say(`已复核《${article.title}》`);
    } catch (error) {
      button.disabled = false;
      sayError(error);
    } finally {
      this.reviewing = false;
    }
  }
}

/** Which of the groups an article belongs to, by the rules by which the server has listed it. */
function kinds(article, since, days) {
  const ends = article.valid_to;
  if (ends && ends < today()) return ["expired"];
  return [ends && ends <= today(days) && "soon", article.reviewed_at.slice(0, 10) < since && "old"].filter(Boolean);
}
