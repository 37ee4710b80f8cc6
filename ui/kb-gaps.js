/** The tab of what the knowledge base lacks: how it is used, what it left unanswered, what is wrong and what is idle. */

import { byId, h } from "./dom.js";
import { ask } from "./api.js";
import { failed, loading } from "./notice.js";
import { hash } from "./kb-router.js";

const DAYS = [7, 30, 90];

export class Gaps {
  constructor() {
    this.days = 30;
    this.box = byId("gaps-report");
    byId("gaps-days").replaceChildren(...DAYS.map((days) =>
      h("button", { type: "button", class: "quiet small", data: { days: String(days) }, onclick: () => this.#within(days) }, `近 ${days} 天`)));
  }

  show() {
    this.#load();
  }

  #within(days) {
    this.days = days;
    this.report = null;
    this.#load();
  }

  async #load() {
    for (const button of byId("gaps-days").children) button.setAttribute("aria-pressed", String(button.dataset.days === String(this.days)));
    this.asking?.abort();
    this.asking = new AbortController();
    if (!this.report) this.box.replaceChildren(loading("正在统计…"));
    try {
      this.report = await ask("/api/knowledge/gaps", { query: { days: this.days }, signal: this.asking.signal });
      this.#draw();
    } catch (error) {
      if (error.name !== "AbortError") this.box.replaceChildren(failed(error, () => this.#load()));
    }
  }

  #draw() {
    const { calls, suggested, opened, taken, searches, without_click: missed, unanswered, wrong, unused } = this.report;
    this.box.replaceChildren(
      h("dl", { class: "figures" },
        figure("通话", calls),
        figure("有推荐的通话", suggested, calls, "的通话"),
        figure("打开过推荐", opened, suggested, "有推荐的通话"),
        figure("采纳", taken, suggested, "有推荐的通话", true),
        figure("手动检索", searches),
        figure("检索后没有点开", missed, searches, "的检索")),
      part("没有答上来的问题", unanswered.length
        ? h("ol", { class: "unanswered" }, ...unanswered.map(group))
        : empty("这段时间没有答不上来的问题"), "通话里没有合适的推荐，或检索后没有点开；相近的问法归为一组"),
      h("div", { class: "halves" },
        part("被座席标为“不对”的条目", wrong.length
          ? h("ul", { class: "plain" }, ...wrong.map(({ article, title, times }) => link(article, title, `${times} 次`)))
          : empty("没有")),
        part(`没有用过的条目（${unused.count}）`, unused.count
          ? h("ul", { class: "plain" }, ...unused.articles.map(({ article, title }) => link(article, title)),
            unused.count > unused.articles.length && h("li", { class: "note" }, `还有 ${unused.count - unused.articles.length} 条`))
          : empty("没有"), "没有被推荐，也没有被打开过")));
  }
}

/** A number; `of`: what it is a share of. `main`: the one the others lead to. */
function figure(name, number, of, what, main = false) {
  const share = of ? number / of : null;
  return h("div", { class: "figure", data: { main: String(main) } },
    h("dt", {}, name), h("dd", {}, String(number)),
    share !== null && h("dd", { class: "share" },
      h("meter", { min: 0, max: 1, value: share, "aria-label": name }), `${Math.round(share * 100)}% ${what}`));
}

function part(title, content, note) {
  return h("section", { class: "sheet padded part" }, h("h2", {}, title, note && h("span", { class: "note" }, note)), content);
}

function group({ count, examples, from }) {
  const [first, ...others] = examples;
  return h("li", {},
    h("span", { class: "count", title: `问过 ${count} 次` }, `${count} 次`),
    h("div", {}, h("p", { class: "first" }, first), others.length > 0 && h("ul", { class: "others" }, ...others.map((text) => h("li", {}, text)))),
    h("span", { class: "note" }, from.join("、")),
    h("a", { class: "button small", href: hash("new", "", { question: first }) }, "新建条目"));
}

function link(article, title, note) {
  const shown = title || article;
  return h("li", {}, title ? h("a", { href: hash("articles", article) }, shown) : h("span", {}, `${shown}（已删除）`), note && h("span", { class: "note" }, note));
}

const empty = (text) => h("p", { class: "note" }, text);
