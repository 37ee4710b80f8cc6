/** The versions of an article, newest first: who made each, when, and what it changed. */

import { h } from "./dom.js";
import { articlePath, ask, HEADINGS } from "./api.js";
import { ACTIONS, categoryName, departmentName } from "./kb-names.js";
import { failed, loading } from "./notice.js";
import { moment } from "./times.js";

/** @param {(version: number) => void} restore */
export async function showVersions(box, article, restore) {
  box.replaceChildren(loading("正在读取版本…"));
  try {
    const versions = await ask(articlePath(article, "/versions"));
    box.replaceChildren(h("h3", {}, "版本"), versions.length
      ? h("ol", {}, ...versions.map((version, index) => entry(version, versions[index + 1], index === 0, restore)))
      : h("p", { class: "note" }, "这个条目还是城市包里的原文，没有改过。"));
  } catch (error) {
    box.replaceChildren(failed(error, () => showVersions(box, article, restore)));
  }
}

function entry({ version, action, at, by, article }, before, newest, restore) {
  const changed = before ? Object.keys(HEADINGS).filter((field) => words(article, field) !== words(before.article, field)) : [];
  const what = changed.length ? `${ACTIONS[action] ?? action}：${changed.map((field) => HEADINGS[field]).join("、")}` : (ACTIONS[action] ?? action);
  const undo = h("button", { type: "button", class: "quiet small", onclick: () => restore(version) }, "恢复这一版");
  const shown = changed.length ? changed : ["title", "answer"];
  return h("li", { data: { version: String(version) } },
    h("div", { class: "version-head" },
      h("strong", {}, `第 ${version} 版`), h("span", {}, what),
      h("span", { class: "note" }, [by, moment(at)].filter(Boolean).join("，")),
      h("span", { class: "spacer" }), newest ? h("span", { class: "badge" }, "当前") : undo),
    h("details", {}, h("summary", {}, changed.length ? "改了什么" : "内容"),
      h("dl", { class: "facts" }, ...shown.flatMap((field) => [
        h("dt", {}, HEADINGS[field]),
        h("dd", {}, changed.length > 0 && h("del", {}, words(before.article, field) || "（空）"), h("ins", { data: { changed: String(changed.length > 0) } }, words(article, field) || "（空）")),
      ]))));
}

/** A field's value in words. */
function words(article, field) {
  const value = article[field];
  if (field === "department") return departmentName(value);
  if (field === "category") return categoryName(value);
  return Array.isArray(value) ? value.join("\n") : (value ?? "");
}
