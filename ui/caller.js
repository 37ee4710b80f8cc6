/** Who is on the telephone: special callers, calls and orders before, others who report the same. */

import { ask } from "./api.js";
import { byId, h } from "./dom.js";
import { moment } from "./times.js";

const SETTLED_MS = 800;
/** Fields by which others' orders are alike. */
const ALIKE = new Set(["subject", "address", "category"]);

export class Caller {
  /** @param {(master: string) => string} join the ticket's order to another, "": to none; the id of the message */
  constructor(join) {
    this.join = (number) => {
      this.problem = "";
      this.asked = join(number);
      this.#draw();
    };
    this.box = byId("caller");
    this.reset();
  }

  reset() {
    this.call = "";
    this.told = null;
    this.alike = null;
    this.matter = {};
    this.master = { master: "", title: "" };
    this.submitted = false;
    this.asked = "";
    this.problem = "";
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

  /** The ticket's order is to join another, or is not any more. */
  joined(master) {
    this.master = master;
    this.#draw();
  }

  /** A message was refused; where it was to join another order, the reason is told. */
  refused({ id, message }) {
    if (!id || id !== this.asked) return;
    this.problem = message;
    this.#draw();
  }

  /** The ticket is an order: nothing is joined any more. */
  done({ master }) {
    this.submitted = true;
    if (!master) this.master = { master: "", title: "" };
    this.#draw();
  }

  /** Join the newest order that can be joined, or take that back. */
  toggle() {
    if (this.submitted) return;
    if (this.master.master) this.join("");
    else {
      const other = this.alike?.orders.find((order) => order.joinable);
      if (other) this.join(other.number);
    }
  }

  async #compare() {
    const { call, matter: { subject = "", address = "", category = "" } } = this;
    const comparable = category && (subject || address);
    const alike = comparable ? await quietly(ask("/api/orders/alike", { query: { subject, address: subject ? "" : address, category } })) : null;
    if (call !== this.call) return;
    this.alike = alike;
    this.#draw();
  }

  #joining({ number, joinable }) {
    if (!joinable || this.submitted || number === this.master.master) return "";
    return h("button", { type: "button", class: "quiet small", onclick: () => this.join(number) }, "并入");
  }

  #draw() {
    const { special, calls, orders } = this.told ?? {};
    const parts = [
      special && h("strong", { class: "special" }, `特服：${special}`),
      calls?.count === 0 && h("span", { class: "note" }, "没有此号码的来电记录"),
      calls?.count > 0 && h("span", {}, `此前来电 ${calls.count} 次，最近 ${moment(calls.newest[0].started_at)}`),
      orders?.count > 0 && list(`此号码工单 ${orders.count} 张`, orders.newest),
      this.alike?.count > 0 && list(`近 30 天同类诉求 ${this.alike.count} 件`, this.alike.orders, (order) => this.#joining(order)),
      this.alike?.orders.some((order) => order.joinable) && !this.master.master && !this.submitted &&
        h("button", { type: "button", class: "small", title: "和已有的同类工单一并办理（J）", "aria-keyshortcuts": "J Alt+J", onclick: () => this.toggle() }, "并入最近一件 ", h("kbd", {}, "J")),
      this.master.master && h("span", { class: "joined", role: "status" },
        this.submitted ? "已并入主单 " : "提交时并入主单 ", orderLink(this.master.master), ` ${this.master.title} `,
        !this.submitted && h("button", { type: "button", class: "quiet small", onclick: () => this.join("") }, "不并入")),
      this.problem && h("span", { class: "problem", role: "alert" }, this.problem),
    ].filter(Boolean);
    this.box.replaceChildren(...parts);
    this.box.hidden = !parts.length;
  }
}

/** Orders that unfold, each with what can be done with it. */
function list(words, orders, action = () => "") {
  return h("details", {}, h("summary", {}, words), h("ol", {}, ...orders.map((order) => h("li", {},
    orderLink(order.number), h("span", {}, order.title || "（无标题）"),
    h("span", { class: "note" }, `${order.department || "直接答复"}　${order.state_name}　${moment(order.received)}`), action(order)))));
}

const orderLink = (number) => h("a", { href: `/orders/${encodeURIComponent(number)}`, target: "_blank" }, number);

/** The banner is a help: a call goes on without it. */
const quietly = (asking) => asking.catch(() => null);
