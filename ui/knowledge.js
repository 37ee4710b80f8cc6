/** What the knowledge base says to this call: suggestions as they come, a search box, and the article being read. */

import { articleCard, openArticle } from "./article.js";
import { byId, h } from "./dom.js";

const SEARCH_AFTER_MS = 250;
/** Earlier suggestions that stay within reach: a card that is gone before it was read is worse than none. */
const EARLIER = 6;

export class Knowledge {
  /**
   * @param {{rate: (article: string, useful: boolean) => string, department: (code: string) => string}} desk
   *   rate sends feedback and returns the id of the message; department gives the name for a code
   */
  constructor({ rate, department }) {
    this.box = byId("knowledge");
    this.query = byId("knowledge-query");
    this.fresh = byId("knowledge-new");
    this.fresh.addEventListener("click", () => this.#toSuggestions());
    this.rate = rate;
    this.department = department;
    this.query.addEventListener("input", () => this.#searchSoon());
    this.query.addEventListener("keydown", (event) => this.#searchKey(event));
    byId("knowledge-search").addEventListener("submit", (event) => event.preventDefault());
    this.box.addEventListener("pointerleave", () => this.flush());
    this.box.addEventListener("focusout", () => setTimeout(() => this.flush()));
    this.reset();
  }

  reset(startedAt = "") {
    this.day = startedAt.slice(0, 10);
    this.suggested = [];
    this.earlier = [];
    this.results = null;
    this.reading = null;
    /** @type {Map<string, {useful: boolean, id: string}>} feedback by article; id while it is not acknowledged */
    this.ratings = new Map();
    this.query.value = "";
    this.fresh.hidden = true;
    this.changed = true;
  }

  apply({ type, data }) {
    if (type === "knowledge.feedback") {
      this.ratings.set(data.article, { useful: data.useful, id: "" });
    } else {
      const now = new Set(data.articles.map((article) => article.id));
      this.earlier = [...this.suggested, ...this.earlier]
        .filter((article, index, all) => !now.has(article.id) && all.findIndex((other) => other.id === article.id) === index)
        .slice(0, EARLIER);
      this.suggested = data.articles.slice(0, 3);
      this.fresh.hidden = !(this.reading || this.results) || !this.suggested.length;
    }
    this.changed = true;
  }

  /** Draw what changed, but never move a card from under the pointer or the focus. */
  flush() {
    if (!this.changed) return;
    const held = !this.reading && this.box.querySelector(".card") &&
      (this.box.matches(":hover") || this.box.contains(document.activeElement));
    if (!held) this.#draw();
  }

  /** Open the first, second or third card that is shown. */
  openCard(number) {
    if (this.reading) return;
    this.box.querySelectorAll(".card")[number - 1]?.click();
  }

  /** A step back: from the article to the list, from the results to the suggestions. True if there was one. */
  back() {
    if (this.reading) {
      const { id } = this.reading;
      this.reading = null;
      this.#draw();
      this.box.querySelector(`[data-article="${CSS.escape(id)}"]`)?.focus();
      return true;
    }
    if (!this.results) return false;
    this.#toSuggestions();
    return true;
  }

  /** The server has taken the feedback, or refused it. */
  settled(id, error) {
    for (const [article, rating] of this.ratings) {
      if (rating.id !== id) continue;
      if (error) this.ratings.delete(article);
      else rating.id = "";
      this.#draw();
    }
  }

  async open(article) {
    this.reading = article;
    this.#draw();
    this.box.querySelector("h2").focus();
    const answer = await fetch(`/api/articles/${encodeURIComponent(article.id)}`).catch(() => null);
    if (!answer?.ok || this.reading !== article) return;
    this.reading = { ...article, ...(await answer.json()) };
    const focused = this.box.contains(document.activeElement) && document.activeElement.tagName === "H2";
    this.#draw();
    if (focused) this.box.querySelector("h2").focus();
  }

  #toSuggestions() {
    this.reading = null;
    this.results = null;
    this.query.value = "";
    this.#draw();
  }

  #draw() {
    this.changed = false;
    if (!this.reading && !this.results) this.fresh.hidden = true;
    if (this.reading) this.box.replaceChildren(this.#article());
    else if (this.results) this.box.replaceChildren(...this.#list(this.results.articles, this.results.title));
    else this.box.replaceChildren(...this.#suggestions());
  }

  #article() {
    const article = this.reading;
    const rating = this.ratings.get(article.id);
    return openArticle(article, {
      department: this.department(article.department),
      useful: rating?.useful,
      saving: Boolean(rating?.id),
      back: () => this.back(),
      rate: (useful) => {
        this.ratings.set(article.id, { useful, id: this.rate(article.id, useful) });
        this.#draw();
      },
    });
  }

  #suggestions() {
    if (!this.suggested.length && !this.earlier.length) return [h("p", { class: "empty" }, "听到相关问题后，会在这里推荐答案")];
    const earlier = this.earlier.map((article) =>
      h("li", {}, h("button", { type: "button", class: "link", onclick: () => this.open(article) }, article.title)));
    return [
      ...this.#list(this.suggested, "推荐"),
      earlier.length && h("h2", { class: "list-title" }, "此前推荐"),
      earlier.length && h("ul", { class: "earlier" }, ...earlier),
    ].filter(Boolean);
  }

  #list(articles, title) {
    const cards = articles.map((article, index) =>
      h("li", {}, articleCard(article, {
        key: index < 3 ? String(index + 1) : "",
        department: this.department(article.department),
        open: (chosen) => this.open(chosen),
      })));
    return [h("h2", { class: "list-title" }, title), h("ol", { class: "cards" }, ...cards)];
  }

  #searchSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#search(), SEARCH_AFTER_MS);
  }

  async #search() {
    clearTimeout(this.timer);
    this.search?.abort();
    const query = this.query.value.trim();
    this.reading = null;
    this.results = null;
    if (!query) return this.#draw();
    this.search = new AbortController();
    const address = new URL("/api/articles", location.href);
    address.search = new URLSearchParams({ q: query, top: "10", ...(this.day && { on: this.day }) });
    try {
      const answer = await fetch(address, { signal: this.search.signal });
      if (!answer.ok) throw new Error(String(answer.status));
      const articles = await answer.json();
      this.results = { articles, title: articles.length ? `“${query}”的结果` : `没有找到“${query}”，换个说法试试` };
    } catch (error) {
      if (error.name === "AbortError") return undefined;
      this.results = { articles: [], title: "搜索没有成功，请稍后再试" };
    }
    return this.#draw();
  }

  #searchKey(event) {
    if (event.isComposing) return;
    if (event.key === "ArrowDown") this.box.querySelector(".card")?.focus();
    else if (event.key === "Enter") this.#search().then(() => this.box.querySelector(".card")?.focus());
    else return;
    event.preventDefault();
  }
}
