/** Who is on the telephone: special callers, calls and orders before, others who report the same. */

import { ask } from "./api.js";
import { byId, h } from "./dom.js";
import { moment } from "./times.js";

const SETTLED_MS = 800;
/** Fields by which others' orders are alike. */
const ALIKE = new Set(["subject", "address", "category"]);

export class Caller {
  constructor() {
    this.box = byId("caller");
    this.reset();
  }

  reset() {
    this.call = "";
    this.told = null;
    this.alike = null;
    this.matter = {};
    clearTimeout(this.timer);
    this.#draw();
  }

  /** A call from a number (none: withheld) has begun. */
  async begin(call, phone) {
    this.reset();
    this.call = call;
    if (!phone) return;
    const told = await quietly(ask(`/api/callers/${encodeURIComponent(phone)}`, { query: { call } }));
    if (call !== this.call || !told) return;
    this.told = told;
    this.#draw();
  }

  /** A field of the ticket has changed. */
  field({ field, value }) {
    if (!ALIKE.has(field)) return;
    this.matter[field] = value ?? "";
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#compare(), SETTLED_MS);
  }

  async #compare() {
    const { call, matter: { subject = "", address = "", category = "" } } = this;
    const comparable = category && (subject || address);
    const alike = comparable ? await quietly(ask("/api/orders/alike", { query: { subject, address: subject ? "" : address, category } })) : null;
    if (call !== this.call) return;
    this.alike = alike;
    this.#draw();
  }

  #draw() {
    const { special, calls, orders } = this.told ?? {};
    const parts = [
      special && h("strong", { class: "special" }, `特服：${special}`),
      calls?.count > 0 && h("span", {}, `此前来电 ${calls.count} 次，最近 ${moment(calls.newest[0].started_at)}`),
      orders?.count > 0 && list(`此号码工单 ${orders.count} 张`, orders.newest),
      this.alike?.count > 0 && list(`近 30 天同类诉求 ${this.alike.count} 件`, this.alike.orders),
    ].filter(Boolean);
    this.box.replaceChildren(...parts);
    this.box.hidden = !parts.length;
  }
}

/** Orders that unfold. */
function list(words, orders) {
  return h("details", {}, h("summary", {}, words), h("ol", {}, ...orders.map((order) => h("li", {},
    h("a", { href: `/orders/${encodeURIComponent(order.number)}`, target: "_blank" }, order.number),
    h("span", {}, order.title || "（无标题）"), h("span", { class: "note" }, `${order.department || "直接答复"}　${order.state_name}　${moment(order.received)}`)))));
}

/** The banner is a help: a call goes on without it. */
const quietly = (asking) => asking.catch(() => null);
