/** One knowledge article, closed as a card or open with its whole answer. */

import { h } from "./dom.js";

/** Title and first lines; the whole card is the button. `key` is the digit that opens it. */
export function articleCard(article, { key, department, open }) {
  return h("button", { type: "button", class: "card", data: { article: article.id }, onclick: () => open(article) },
    h("span", { class: "card-title" }, key && h("kbd", {}, key), article.title),
    h("span", { class: "card-answer" }, article.answer),
    h("span", { class: "card-meta" }, ...meta(article, department).map((text) => h("span", {}, text))));
}

/**
 * The open article; `department` is the name of the one that answers for it.
 * @param {object} article
 * @param {{department: string, useful: boolean|undefined, saving: boolean, back: Function, rate: (useful: boolean) => void}} options
 */
export function openArticle(article, { department, useful, saving, back, rate }) {
  const rating = (value, text) =>
    h("button", { type: "button", class: "quiet small", "aria-pressed": String(useful === value), onclick: () => rate(value) }, text);
  const copy = h("button", { type: "button", class: "small", data: { action: "copy" } }, "复制答案");
  copy.addEventListener("click", async () => {
    copy.textContent = (await copyText(article.answer)) ? "已复制" : "复制失败，请手动选取";
  });
  return h("article", { class: "article", data: { article: article.id } },
    h("div", { class: "article-actions" },
      h("button", { type: "button", class: "quiet small", data: { action: "back" }, onclick: back }, "← 返回 ", h("kbd", {}, "Esc")),
      h("span", { class: "spacer" }),
      copy, rating(true, "有用"), rating(false, "不对"),
      saving && h("span", { class: "note", role: "status" }, "保存中…")),
    h("h2", { tabIndex: -1 }, article.title),
    article.question && h("p", { class: "question" }, article.question),
    h("p", { class: "answer" }, article.answer),
    h("p", { class: "card-meta" }, ...[...meta(article, department), article.source].filter(Boolean).map((text) => h("span", {}, text))));
}

function meta(article, department) {
  return [
    article.confidence !== undefined && `匹配 ${Math.round(article.confidence * 100)}%`,
    department,
    article.valid_to && `有效期至 ${article.valid_to}`,
    article.id,
  ].filter(Boolean);
}

/** The clipboard API exists only over HTTPS or on localhost; elsewhere the old way still works. */
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = h("textarea", { value: text, class: "offscreen" });
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    return copied;
  }
}
