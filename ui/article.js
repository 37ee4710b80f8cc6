/** One knowledge article, closed as a card or open with its whole answer. */

import { copyText } from "./clipboard.js";
import { h } from "./dom.js";
import { marked } from "./marked.js";

/** A message about something that worked goes away again. */
const SAID_MS = 3000;
const USES = { inserted: "已填入工单", copied: "已复制" };

/**
 * Title and first lines; the whole card is the button.
 * @param {object} article with `marks` where the server says which characters the caller's words have in common with it
 * @param {{key: string, department: string, used: string|undefined, open: Function}} options
 *   key: the digit that opens it; used: what was done with it in this call (copied | inserted)
 */
export function articleCard(article, { key, department, used, open }) {
  return h("button", { type: "button", class: "card", data: { article: article.id }, onclick: () => open(article) },
    h("span", { class: "card-title" }, key && h("kbd", {}, key), ...marked(article.title, article.marks?.title)),
    h("span", { class: "card-answer" }, ...marked(article.answer, article.marks?.answer)),
    h("span", { class: "card-meta" },
      used && h("span", { class: "used" }, USES[used]),
      ...meta(article, department).map((text) => h("span", {}, text))));
}

/** The open article. Its text stays as it is while it is read; `update` changes the buttons in their places. */
export class OpenArticle {
  /**
   * @param {object} article
   * @param {OpenArticle|null} before the same article drawn with less of it: what it is saying stays to be read
   * @param {{department: string, back: Function, rate: (useful: boolean) => void, copied: Function, insert: Function}} options
   *   department: the name of the one that answers for it; copied: its answer, or some of it, was copied;
   *   insert: put its answer into the ticket
   */
  constructor(article, before, { department, back, rate, copied, insert }) {
    this.article = article;
    this.copied = copied;
    this.ratings = [[true, "有用"], [false, "不对"]].map(([value, text]) =>
      [value, h("button", { type: "button", class: "quiet small", onclick: () => rate(value) }, text)]);
    this.insertLabel = h("span", { class: "label" });
    this.insert = h("button", { type: "button", class: "small", data: { action: "insert" }, "aria-keyshortcuts": "I Alt+I", onclick: insert },
      this.insertLabel, h("kbd", {}, "I"));
    this.saving = before?.saving ?? false;
    this.said = before?.said ?? h("span", { class: "article-said", role: "status" });
    this.heading = h("h2", { tabIndex: -1 }, ...marked(article.title, article.marks?.title));
    const answer = h("p", { class: "answer" }, ...marked(article.answer, article.marks?.answer));
    answer.addEventListener("copy", () => copied());
    this.element = h("article", { class: "article", data: { article: article.id } },
      h("div", { class: "article-actions" },
        h("button", { type: "button", class: "quiet small", data: { action: "back" }, onclick: back }, "← 返回 ", h("kbd", {}, "Esc")),
        h("span", { class: "spacer" }),
        h("span", {}, ...this.ratings.map(([, button]) => button)),
        h("span", { class: "uses" },
          h("button", {
            type: "button", class: "small", data: { action: "copy" }, title: "复制答案全文（C，在输入框中按 Alt+C）",
            "aria-keyshortcuts": "C Alt+C", onclick: () => this.copy(),
          }, "复制答案 ", h("kbd", {}, "C")),
          this.insert),
        this.said),
      this.heading,
      article.question && h("p", { class: "question" }, article.question),
      answer,
      h("p", { class: "card-meta" }, ...[...meta(article, department), article.source].filter(Boolean).map((text) => h("span", {}, text))));
  }

  /**
   * @param {{useful: boolean|undefined, saving: boolean, answer: string}} now
   *   saving: the rating is on its way; answer: where the answer is on its way into the ticket, as Form.answered says
   */
  update({ useful, saving, answer }) {
    for (const [value, button] of this.ratings) button.setAttribute("aria-pressed", String(useful === value));
    this.insertLabel.textContent = { saving: "填入中…", inserted: "已填入工单" }[answer] ?? "作为答复填入";
    this.insert.dataset.answer = answer;
    this.insert.disabled = answer === "locked";
    this.insert.title = answer === "locked"
      ? "没有可填的工单，或工单已提交"
      : "填为“诉求内容”的最后一段，此后诉求内容不再自动更新（I，在输入框中按 Alt+I）";
    if (saving !== this.saving) this.say(saving ? "保存中…" : "");
    this.saving = saving;
  }

  async copy() {
    const copied = await copyText(this.article.answer);
    this.say(copied ? "已复制答案" : "复制失败，请手动选取", copied);
    if (copied) this.copied();
  }

  /** A line under the buttons, over the text, so that nothing moves. `passing`: it goes away again. */
  say(text, passing = false) {
    clearTimeout(this.saying);
    this.said.textContent = text;
    if (passing) this.saying = setTimeout(() => (this.said.textContent = ""), SAID_MS);
  }
}

function meta(article, department) {
  return [
    article.confidence !== undefined && `匹配 ${Math.round(article.confidence * 100)}%`,
    department,
    article.valid_to && `有效期至 ${article.valid_to}`,
    article.id,
  ].filter(Boolean);
}
