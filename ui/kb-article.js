/** An article beside the list, all of it: what it says, where it belongs, who answers for it. */

import { h } from "./dom.js";
import { categoryName, departmentName, validity } from "./kb-names.js";
import { hash } from "./kb-router.js";
import { marked } from "./marked.js";
import { moment } from "./times.js";

/**
 * @param {object} article as GET /api/articles/{id} tells it
 * @param {{marks?: {title: [number, number][], answer: [number, number][]}, review: () => void, remove: () => void,
 *   versions: () => void, close: () => void}} options
 */
export function articleView(article, { marks, review, remove, versions, close }) {
  const { state, text } = validity(article);
  const button = (label, action, more = {}) => h("button", { type: "button", class: "quiet small", onclick: action, ...more }, label);
  const ofPack = article.version === 1 && !article.changed_by;
  const noted = (at, by) => (at ? `${by || "（未署名）"}，${moment(at)}` : "");
  return [
    h("header", { class: "panel-head" },
      h("a", { class: "button small primary", href: hash("edit", article.id) }, "编辑"),
      button("复核：仍然有效", review, { title: "内容没有变化，只记下今天看过" }),
      button("版本", versions, { "aria-expanded": "false", data: { action: "versions" } }),
      button("删除", remove),
      h("span", { class: "spacer" }),
      button("×", close, { "aria-label": "关闭条目", title: "关闭（Esc）" })),
    h("article", { class: "article kb-scroll", data: { article: article.id } },
      h("h2", { tabIndex: -1 }, ...marked(article.title, marks?.title)),
      h("p", { class: "tags" }, h("span", { class: "badge", data: { validity: state } }, text), h("span", { class: "note" }, article.id)),
      article.question && h("p", { class: "question" }, article.question),
      h("p", { class: "answer" }, ...marked(article.answer, marks?.answer)),
      h("section", { class: "versions", hidden: true, "aria-label": "版本" }),
      h("dl", { class: "facts" },
        ...fact("承办单位", departmentName(article.department)),
        ...fact("事项分类", categoryName(article.category)),
        ...fact("诉求人类型", article.caller_kind),
        ...fact("有效期", period(article)),
        ...fact("相似问法", lines(article.similar_questions)),
        ...fact("关键词", article.keywords?.join("、")),
        ...fact("来源", article.source),
        ...fact("版本", `第 ${article.version ?? 1} 版`),
        ...fact("最近修改", ofPack ? "" : noted(article.changed_at, article.changed_by), "城市包原文，没有改过"),
        ...fact("最近复核", noted(article.reviewed_at, article.reviewed_by), "从未复核"))),
  ];
}

function fact(name, value, missing = "未填") {
  return [h("dt", {}, name), h("dd", { class: value ? "" : "note" }, value || missing)];
}

const lines = (texts) => texts?.length ? h("ul", {}, ...texts.map((text) => h("li", {}, text))) : "";

const period = ({ valid_from: from, valid_to: to }) => (from || to ? `${from ?? "一直"} 至 ${to ?? "长期"}` : "长期");
