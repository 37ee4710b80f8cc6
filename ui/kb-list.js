/** The articles as a list: a page of all of them, or what a search finds, both through the same filters. */

import { byId, h } from "./dom.js";
import { ask } from "./api.js";
import { onChange } from "./kb-changes.js";
import { categoryName, choices, departmentName, validity } from "./kb-names.js";
import { failed, loading } from "./notice.js";
import { picker } from "./kb-picker.js";
import { hash } from "./kb-router.js";
import { marked } from "./marked.js";

const PAGE = 50;
const SEARCH_AFTER_MS = 250;
/** Characters before the first marked word with which an excerpt begins. */
const BEFORE = 18;
const STATES = [["valid", "有效"], ["expired", "已失效"], ["future", "未生效"], ["all", "全部"]];
/** Filters by their names in the address; state "valid" and page 1 are not written. */
const FILTERS = ["q", "state", "caller_kind", "department", "category", "district", "page"];

export class ArticleList {
  /** @param {() => void} filtered called when what is listed has been changed here */
  constructor(filtered) {
    this.filtered = filtered;
    this.query = byId("kb-query");
    this.box = byId("kb-list");
    this.filters = Object.fromEntries(FILTERS.map((name) => [name, ""]));
    this.found = null;
    this.open = "";
    this.#controls();
    onChange((soon) => this.found && this.#load({ quiet: true, soon }));
  }

  /** Show what an address says; one that says nothing keeps the list as it is. */
  show(query, open) {
    const opened = this.open !== open;
    this.open = open;
    const given = FILTERS.some((name) => query.has(name));
    const wanted = Object.fromEntries(FILTERS.map((name) => [name, query.get(name) ?? ""]));
    if (!this.found || (given && FILTERS.some((name) => wanted[name] !== this.filters[name]))) {
      if (given || !this.found) this.filters = wanted;
      this.#write();
      return this.#load();
    }
    if (opened) this.#mark();
    return undefined;
  }

  focusSearch() {
    this.query.focus();
    this.query.select();
  }

  /** Put the focus on the row of an article. */
  focusRow(id) {
    this.#row(id)?.focus();
  }

  #controls() {
    const set = (name) => (event) => this.#set(name, event.target.value);
    const select = (name, options) => h("select", { id: `kb-${name}`, onchange: set(name) },
      ...options.map(([value, text]) => h("option", { value }, text)));
    const pick = (name, options, empty) => {
      const made = picker({ id: `kb-${name}`, choices: options, empty, strict: true, changed: () => this.#set(name, made.get() ?? "") });
      return made;
    };
    this.selects = {
      state: select("state", STATES),
      caller_kind: select("caller_kind", [["", "全部"], ["个人", "个人"], ["企业", "企业"]]),
      district: select("district", [["", "全部"], ...choices.districts.map((name) => [name, name])]),
    };
    this.pickers = {
      department: pick("department", choices.departments, "全部"),
      category: pick("category", [...choices.tops, ...choices.categories], "全部"),
    };
    const labelled = (name, text, element) => h("label", { class: "filter", data: { filter: name } }, h("span", {}, text), element);
    byId("kb-filters").replaceChildren(
      labelled("state", "状态", this.selects.state),
      labelled("caller_kind", "对象", this.selects.caller_kind),
      labelled("district", "区", this.selects.district),
      labelled("department", "部门", this.pickers.department.element),
      labelled("category", "分类", this.pickers.category.element));
    this.clear = byId("kb-clear");
    this.clear.addEventListener("click", () => {
      this.filters = Object.fromEntries(FILTERS.map((name) => [name, name === "q" ? this.filters.q : ""]));
      this.#write();
      this.#changed();
    });
    this.query.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.#set("q", this.query.value.trim()), SEARCH_AFTER_MS);
    });
    this.query.addEventListener("keydown", (event) => this.#searchKey(event));
    byId("kb-search").addEventListener("submit", (event) => event.preventDefault());
    this.box.addEventListener("keydown", (event) => this.#listKey(event));
  }

  #set(name, value) {
    if (this.filters[name] === value || (name === "state" && !this.filters.state && value === "valid")) return;
    this.filters = { ...this.filters, page: "", [name]: name === "state" && value === "valid" ? "" : value };
    this.#write(name);
    this.#changed();
  }

  #changed() {
    this.filtered();
    this.#load();
  }

  /** Put the filters into their controls, but never under the fingers of who types. */
  #write(typing = "") {
    const { filters } = this;
    if (typing !== "q") this.query.value = filters.q;
    for (const [name, select] of Object.entries(this.selects)) select.value = filters[name] || (name === "state" ? "valid" : "");
    for (const [name, made] of Object.entries(this.pickers)) made.set(filters[name]);
    this.selects.state.disabled = Boolean(filters.q);
    this.selects.state.title = filters.q ? "检索只找当前有效的条目" : "";
    if (filters.q) this.selects.state.value = "valid";
    this.clear.hidden = !FILTERS.some((name) => name !== "q" && name !== "page" && filters[name]);
  }

  /** `quiet`: leave the list standing until the answer is there; `soon`: a failure is no news. */
  async #load({ quiet = false, soon = false } = {}) {
    this.asking?.abort();
    this.asking = new AbortController();
    const { signal } = this.asking;
    const { q, state, page, ...filters } = this.filters;
    const offset = (Math.max(1, Number(page) || 1) - 1) * PAGE;
    if (!quiet) this.#wait();
    try {
      const answer = q
        ? await ask("/api/articles", { query: { q, top: PAGE, ...filters }, signal })
        : await ask("/api/knowledge/browse", { query: { limit: PAGE, offset, state: state || "valid", ...filters }, signal });
      const found = q ? { total: answer.length, articles: answer, q, offset: 0 } : { ...answer, q, offset };
      if (quiet && JSON.stringify(found) === JSON.stringify(this.found)) return;
      this.found = found;
      this.#draw({ keep: quiet });
    } catch (error) {
      if (error.name === "AbortError" || soon) return;
      this.found ??= { total: 0, articles: [], offset: 0 };
      this.box.replaceChildren(failed(error, () => this.#load()));
      byId("kb-count").textContent = "";
      byId("kb-pages").replaceChildren();
    } finally {
      if (!signal.aborted) this.box.removeAttribute("aria-busy");
    }
  }

  #wait() {
    this.box.setAttribute("aria-busy", "true");
    if (!this.found) this.box.replaceChildren(loading());
  }

  #draw({ keep = false } = {}) {
    const { total, articles, q, offset } = this.found;
    const focused = this.box.contains(document.activeElement) && document.activeElement.dataset.article;
    this.box.replaceChildren(articles.length
      ? h("ol", { class: "rows" }, ...articles.map((article) => h("li", {}, this.#link(article))))
      : h("p", { class: "empty" }, q ? `没有找到“${q}”，换个说法，或放宽筛选` : "没有符合筛选条件的条目"));
    this.#mark();
    if (keep && focused) this.#row(focused)?.focus();
    if (!keep) this.box.scrollTop = 0;
    const last = offset + articles.length;
    const range = total > articles.length ? `，第 ${offset + 1}–${last} 条` : "";
    byId("kb-count").textContent = q ? `找到 ${total}${total === PAGE ? "+" : ""} 条有效条目，最相关的在前` : `共 ${total} 条${range}`;
    const turn = (text, page, possible) =>
      h("button", { type: "button", class: "quiet small", disabled: !possible, onclick: () => this.#turn(page) }, text);
    const page = offset / PAGE + 1;
    const pages = Math.max(1, Math.ceil(total / PAGE));
    byId("kb-pages").replaceChildren(...(q || pages < 2
      ? []
      : [turn("上一页", page - 1, page > 1), h("span", { class: "note" }, `第 ${page} / ${pages} 页`), turn("下一页", page + 1, page < pages)]));
  }

  #turn(page) {
    this.filters = { ...this.filters, page: page > 1 ? String(page) : "" };
    this.#changed();
  }

  #link(article) {
    const { state, text } = validity(article);
    const { title, answer } = article.marks ?? {};
    const percent = article.confidence === undefined ? null : `匹配 ${Math.round(article.confidence * 100)}%`;
    return h("a", { class: "row", href: hash("articles", article.id), data: { article: article.id, state } },
      h("span", { class: "row-head" }, h("span", { class: "row-title" }, ...marked(article.title, title)),
        percent && h("span", { class: "match" }, percent)),
      article.marks && h("span", { class: "row-answer" }, ...excerpt(article.answer, answer)),
      h("span", { class: "card-meta" },
        h("span", {}, departmentName(article.department) || "未填部门"),
        h("span", {}, categoryName(article.category) || "未填分类"),
        h("span", { class: "validity" }, text),
        h("span", {}, article.id)));
  }

  #row(id) {
    return this.box.querySelector(`[data-article="${CSS.escape(id)}"]`);
  }

  #mark() {
    for (const row of this.box.querySelectorAll(".row")) {
      if (row.dataset.article === this.open) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    }
  }

  #searchKey(event) {
    if (event.isComposing) return;
    if (event.key === "ArrowDown") this.box.querySelector(".row")?.focus();
    else if (event.key === "Escape" && this.query.value) {
      this.query.value = "";
      this.#set("q", "");
    } else if (event.key === "Escape") this.query.blur();
    else return;
    event.preventDefault();
  }

  #listKey(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || event.ctrlKey || event.altKey || event.metaKey) return;
    const rows = [...this.box.querySelectorAll(".row")];
    const next = rows[rows.indexOf(document.activeElement) + step];
    if (next) next.focus();
    else if (step < 0) this.query.focus();
    event.preventDefault();
  }
}

/** The answer from shortly before its first marked word. */
function excerpt(answer, spans) {
  const start = spans.length ? spans[0][0] - BEFORE : 0;
  if (start <= BEFORE) return marked(answer, spans);
  const rest = Array.from(answer).slice(start).join("");
  return ["…", ...marked(rest, spans.map(([from, to]) => [from - start, to - start]))];
}
