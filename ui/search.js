/** Searching the knowledge base by hand: the box, whom the answer is for, and a count of what was looked for. */

import { byId } from "./dom.js";

const SEARCH_AFTER_MS = 250;
const MOST = "10";

export class Search {
  /**
   * @param {{show: (results: {articles: object[], title: string}|null) => void, enter: Function, agent: () => string}} desk
   *   show: results to show, null when the box is empty; enter: move to the first of them
   */
  constructor({ show, enter, agent }) {
    this.box = byId("knowledge-query");
    this.kinds = [...byId("knowledge-kind").querySelectorAll("button")];
    this.show = show;
    this.enter = enter;
    this.agent = agent;
    this.box.addEventListener("input", (event) => event.isComposing || this.#soon());
    this.box.addEventListener("compositionend", () => this.#soon());
    this.box.addEventListener("keydown", (event) => this.#key(event));
    byId("knowledge-search").addEventListener("submit", (event) => event.preventDefault());
    for (const button of this.kinds) button.addEventListener("click", () => this.#choose(button.value));
    addEventListener("pagehide", () => this.#finish());
    this.reset("");
  }

  /** For a new call, on `day`. */
  reset(day) {
    this.day = day;
    this.clear();
    this.#mark("");
  }

  clear() {
    this.stop();
    this.box.value = "";
    this.shown = null;
    this.#finish();
  }

  /** Results that are still on their way are not wanted any more. */
  stop() {
    clearTimeout(this.timer);
    this.asking?.abort();
  }

  /** An article of the results was opened: the search is over, and was worth it. */
  opened(article) {
    if (!this.shown) return;
    if (this.last?.query !== this.shown.query) {
      this.#finish();
      this.last = { ...this.shown };
    }
    if (!this.last.counted) count({ ...this.shown, opened: article, agent: this.agent() });
    this.last.counted = true;
  }

  #soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#search(), SEARCH_AFTER_MS);
  }

  async #search() {
    this.stop();
    const query = this.box.value.trim();
    if (!query) {
      this.shown = null;
      this.#finish();
      return this.show(null);
    }
    const asking = new AbortController();
    this.asking = asking;
    const address = new URL("/api/articles", location.href);
    address.search = new URLSearchParams({
      q: query, top: MOST, ...(this.day && { on: this.day }), ...(this.kind && { caller_kind: this.kind }),
    });
    try {
      const answer = await fetch(address, { signal: asking.signal });
      if (!answer.ok) throw new Error(String(answer.status));
      const articles = await answer.json();
      if (asking.signal.aborted) return undefined;
      this.#follow({ query, found: articles.length, kind: this.kind });
      const only = this.kind && `，只看${this.kind}`;
      return this.show({
        articles,
        title: articles.length ? `“${query}”的结果${only}` : `没有找到“${query}”${only}，换个说法${only && "或改为全部"}试试`,
      });
    } catch (error) {
      if (error.name === "AbortError") return undefined;
      return this.show({ articles: [], title: "搜索没有成功，请稍后再试" });
    }
  }

  /**
   * A search counts once, when it is over: replaced, cleared, or an article was opened. Typing on and taking characters
   * back are still the same search, of which the longest wording counts.
   */
  #follow({ query, found, kind }) {
    this.shown = { query, found, kind };
    if (this.last?.query === query) this.last.found = found;
    if (this.last?.query.startsWith(query)) return;
    if (this.last && !query.startsWith(this.last.query)) this.#finish();
    this.last = { query, found, counted: false };
  }

  #finish() {
    if (this.last && !this.last.counted) count({ ...this.last, opened: "", agent: this.agent() });
    this.last = null;
  }

  #choose(kind) {
    this.#mark(kind);
    if (this.box.value.trim()) this.#search();
  }

  #mark(kind) {
    this.kind = kind;
    for (const button of this.kinds) button.setAttribute("aria-pressed", String(button.value === kind));
  }

  #key(event) {
    if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
    const known = this.shown && this.shown.query === this.box.value.trim() && this.shown.kind === this.kind;
    if (event.key === "ArrowDown") this.enter();
    else if (event.key === "Enter" && known) this.enter();
    else if (event.key === "Enter") this.#search().then(() => this.enter());
    else return;
    event.preventDefault();
  }
}

/** Tell the server, also while the page is being left. A search that cannot be counted is no reason to bother anybody. */
function count({ query, found, opened, agent }) {
  fetch("/api/knowledge/searches", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ query, found, opened, agent }),
    keepalive: true,
  }).catch(() => {});
}
