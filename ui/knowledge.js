/** What the knowledge base says to this call: suggestions as they come, the results of a search, the article being read. */

import { OpenArticle, articleCard } from "./article.js";
import { byId, h } from "./dom.js";
import { Search } from "./search.js";

/** Earlier suggestions that stay within reach: a card that is gone before it was read is worse than none. */
const EARLIER = 6;

export class Knowledge {
  /**
   * @param {{rate: (article: string, useful: boolean) => string, use: (article: string, how: string) => void,
   *   insert: (answer: string) => string, answered: (answer: string) => string, department: (code: string) => string,
   *   agent: () => string}} desk
   *   rate sends feedback and returns the id of the message; use tells what was done with an article; insert puts an
   *   answer into the ticket and answered says whether it is there (see Form); department gives the name for a code
   */
  constructor(desk) {
    this.desk = desk;
    this.box = byId("knowledge");
    this.fresh = byId("knowledge-new");
    this.fresh.addEventListener("click", () => this.#toSuggestions());
    this.box.addEventListener("pointerleave", () => this.flush());
    this.box.addEventListener("focusout", () => setTimeout(() => this.flush()));
    this.search = new Search({
      show: (results) => this.#show(results),
      enter: () => this.box.querySelector(".card")?.focus(),
      agent: desk.agent,
    });
    this.reset();
  }

  reset(startedAt = "") {
    this.suggested = [];
    this.earlier = [];
    this.results = null;
    this.reading = null;
    this.view = null;
    /** @type {Map<string, {useful: boolean, id: string}>} feedback by article; id while it is not acknowledged */
    this.ratings = new Map();
    /** @type {Map<string, "copied"|"inserted">} what was done with an article's answer */
    this.uses = new Map();
    /** @type {Map<string, string>} article by message that puts its answer into the ticket */
    this.inserting = new Map();
    this.search.reset(startedAt.slice(0, 10));
    this.fresh.hidden = true;
    this.changed = true;
  }

  apply({ type, data }) {
    if (type === "knowledge.feedback") {
      this.ratings.set(data.article, { useful: data.useful, id: "" });
    } else if (type === "knowledge.used") {
      if (data.how !== "opened" && this.uses.get(data.article) !== "inserted") this.uses.set(data.article, data.how);
    } else if (type === "knowledge.suggested") {
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
    if (this.reading) return this.#draw();
    const held = this.box.querySelector(".card") && (this.box.matches(":hover") || this.box.contains(document.activeElement));
    if (this.changed && !held) this.#draw();
    return undefined;
  }

  /** Open the first, second or third card that is shown. */
  openCard(number) {
    if (this.reading || this.box.inert) return;
    this.box.querySelectorAll(".card")[number - 1]?.click();
  }

  /** Copy the answer of the open article. */
  copy() {
    if (!this.box.inert) this.view?.copy();
  }

  /** Put the answer of the open article into the ticket. */
  insert() {
    if (!this.view || this.box.inert) return;
    const id = this.desk.insert(this.view.article.answer);
    if (id) this.inserting.set(id, this.view.article.id);
    else if (this.desk.answered(this.view.article.answer) === "inserted") this.view.say("这条答复已在“诉求内容”里", true);
    this.#draw();
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

  /** The server has taken a message, or refused it. */
  settled(id, error) {
    for (const [article, rating] of this.ratings) {
      if (rating.id !== id) continue;
      if (error) this.ratings.delete(article);
      else rating.id = "";
      this.changed = true;
    }
    const inserted = this.inserting.get(id);
    if (inserted) {
      this.inserting.delete(id);
      if (!error) this.desk.use(inserted, "inserted");
      if (this.reading?.id === inserted) {
        this.view.say(error ? "没有填入，原因见“诉求内容”" : "已填入“诉求内容”，此后它不再自动更新", !error);
      }
    }
    this.flush();
  }

  async open(article) {
    this.search.stop();
    if (this.results) this.search.opened(article.id);
    this.desk.use(article.id, "opened");
    this.reading = article;
    this.box.scrollTop = 0;
    this.#draw();
    this.view.heading.focus();
    const answer = await fetch(`/api/articles/${encodeURIComponent(article.id)}`).catch(() => null);
    if (!answer?.ok || this.reading !== article) return;
    const whole = await answer.json();
    if (this.reading !== article) return;
    this.reading = { ...article, ...whole, marks: stillTrue(article, whole) };
    const focused = document.activeElement === this.view.heading;
    this.#draw();
    if (focused) this.view.heading.focus();
  }

  #show(results) {
    this.reading = null;
    this.results = results;
    this.#draw();
  }

  #toSuggestions() {
    this.search.clear();
    this.#show(null);
  }

  #draw() {
    this.changed = false;
    if (this.reading) return this.#drawArticle();
    this.view = null;
    if (!this.results) this.fresh.hidden = true;
    if (this.results) this.box.replaceChildren(...this.#list(this.results.articles, this.results.title));
    else this.box.replaceChildren(...this.#suggestions());
    return undefined;
  }

  /** Build the article when another is to be read; else only its buttons change: she may be selecting its words. */
  #drawArticle() {
    const article = this.reading;
    if (this.view?.article !== article) {
      this.view = new OpenArticle(article, this.view?.article.id === article.id ? this.view : null, {
        department: this.desk.department(article.department),
        back: () => this.back(),
        rate: (useful) => {
          this.ratings.set(article.id, { useful, id: this.desk.rate(article.id, useful) });
          this.#draw();
        },
        copied: () => this.desk.use(article.id, "copied"),
        insert: () => this.insert(),
      });
      this.box.replaceChildren(this.view.element);
    }
    const rating = this.ratings.get(article.id);
    this.view.update({ useful: rating?.useful, saving: Boolean(rating?.id), answer: this.desk.answered(article.answer) });
  }

  #suggestions() {
    if (!this.suggested.length && !this.earlier.length) return [h("p", { class: "empty" }, "听到相关问题后，会在这里推荐答案")];
    const earlier = this.earlier.map((article) =>
      h("li", {}, h("button", { type: "button", class: "link", data: { article: article.id }, onclick: () => this.open(article) }, article.title)));
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
        department: this.desk.department(article.department),
        used: this.uses.get(article.id),
        open: (chosen) => this.open(chosen),
      })));
    return [h("h2", { class: "list-title" }, title), h("ol", { class: "cards" }, ...cards)];
  }
}

/** Marks count characters of the text they came with; where that has been edited since, they would light up others. */
function stillTrue({ title, answer, marks = {} }, whole) {
  return { title: whole.title === title ? marks.title : [], answer: whole.answer === answer ? marks.answer : [] };
}
