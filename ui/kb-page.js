/** The page of the knowledge editors: which tab is shown, and the keys that work on all of them. */

import { byId } from "./dom.js";
import { Articles } from "./kb-articles.js";
import { bindEditorName } from "./kb-changes.js";
import { Gaps } from "./kb-gaps.js";
import { Files } from "./kb-import.js";
import { loadNames } from "./kb-names.js";
import { failed, hushError } from "./notice.js";
import { Review } from "./kb-review.js";
import { go, route, start } from "./kb-router.js";

const TITLES = { articles: "条目", review: "待复核", files: "导入导出", gaps: "缺口" };
const EDITABLE = "input, select, textarea";
/** Places of the address -> the tab that shows them. */
const PLACES = { articles: "articles", edit: "articles", new: "articles", review: "review", files: "files", gaps: "gaps" };
let tabs;

bindEditorName();
begin();

async function begin() {
  try {
    await loadNames();
  } catch (error) {
    byId("kb-list").replaceChildren(failed(error, begin));
    byId("panel-articles").hidden = false;
    return;
  }
  tabs = { articles: new Articles(), review: new Review(), files: new Files(), gaps: new Gaps() };
  start(show);
  addEventListener("keydown", press);
}

function show(to) {
  const place = PLACES[to.place] ? to.place : "articles";
  const tab = PLACES[place];
  hushError();
  for (const [name, title] of Object.entries(TITLES)) {
    byId(`panel-${name}`).hidden = name !== tab;
    if (name === tab) byId(`tab-${name}`).setAttribute("aria-current", "page");
    else byId(`tab-${name}`).removeAttribute("aria-current");
    if (name === tab) document.title = `${title} · 知识库 · 智能座席助手`;
  }
  tabs[tab].show({ ...to, place });
}

function press(event) {
  if (event.isComposing || event.defaultPrevented || document.querySelector("dialog[open]")) return;
  const { key, target } = event;
  const modified = event.ctrlKey || event.altKey || event.metaKey;
  const onArticles = PLACES[route().place || "articles"] === "articles";
  if (onArticles && event.ctrlKey && (key === "s" || key === "Enter") && tabs.articles.editor) tabs.articles.save();
  else if (modified) return;
  else if (onArticles && key === "Escape") tabs.articles.back();
  else if (key === "/" && !target.matches?.(EDITABLE)) {
    if (!onArticles) go("articles");
    tabs.articles.focusSearch();
  } else return;
  event.preventDefault();
}
