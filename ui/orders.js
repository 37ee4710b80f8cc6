/** The order book: a list of orders with one of them beside it. */

import { ask } from "./api.js";
import { byId, h } from "./dom.js";
import { failed, loading, sayError } from "./notice.js";
import { showOrder } from "./order.js";
import { dueWords } from "./order-words.js";
import { moment } from "./times.js";

const PAGE = 30;
const REFRESH_MS = 15000;
const TYPING_MS = 250;
const BY = "seat.by";
/** Views of the list: words, what they ask the server for (a `sort` is theirs, not to be chosen), the counts they add up. */
const VIEWS = {
  all: ["全部", {}, []],
  accepted: ["待派单", { state: ["accepted", "returned"] }, ["accepted", "returned"]],
  working: ["办理中", { state: ["dispatched", "in_progress"] }, ["dispatched", "in_progress"]],
  callback: ["待回访", { state: ["answered", "callback"] }, ["answered", "callback"]],
  closed: ["已办结", { state: ["closed"] }, []],
  soon: ["即将到期", { due_within: 24, sort: "due" }, ["due_soon"]],
  overdue: ["超期", { overdue: true }, ["overdue"]],
  supervised: ["督办", { supervised: true }, ["supervised"]],
};

const filters = byId("filters");
const state = { view: "all", offset: 0, number: "", asked: 0, life: null };

byId("by").value = localStorage.getItem(BY) ?? "";
byId("by").addEventListener("change", () => localStorage.setItem(BY, byId("by").value.trim()));
filters.addEventListener("submit", (event) => event.preventDefault());
filters.addEventListener("input", later());
addEventListener("popstate", () => take(location));
addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.closest("input, textarea, select, dialog")) return;
  event.preventDefault();
  byId("query").focus();
});
setInterval(() => document.hidden || refresh(), REFRESH_MS);
start();

async function start() {
  byId("order").replaceChildren(loading());
  try {
    const [life, fields] = await Promise.all([ask("/api/orders/life"), ask("/api/fields")]);
    state.life = life;
    const choices = (name) => fields.find((field) => field.name === name)?.choices ?? [];
    state.departments = choices("department");
    byId("department").append(...state.departments.map(option));
    byId("request-type").append(...choices("request_type").map(option));
  } catch (error) {
    byId("order").replaceChildren(failed(error, start));
    return;
  }
  take(location);
}

const option = ({ value, display }) => h("option", { value }, display);

/** Show what an address names: an order, a view, filters. */
function take({ pathname, search }) {
  const told = new URLSearchParams(search);
  state.view = told.get("view") in VIEWS ? told.get("view") : "all";
  state.offset = Math.max(0, Math.floor((Number(told.get("offset")) || 0) / PAGE) * PAGE);
  for (const input of filters.elements) if (input.name) input.value = told.get(input.name) ?? (input.name === "sort" ? "newest" : "");
  const { sort } = VIEWS[state.view][1];
  byId("sort").disabled = Boolean(sort);
  if (sort) byId("sort").value = sort;
  state.number = decodeURIComponent(pathname.split("/")[2] ?? "");
  open();
  refresh();
}

/** The address of the list as it is, with an order or none. */
function address(number = state.number, more = {}) {
  const told = new URLSearchParams([...new FormData(filters)].filter(([name, value]) => value && !(name === "sort" && value === "newest")));
  for (const [name, value] of Object.entries({ view: state.view === "all" ? "" : state.view, offset: state.offset || "", ...more })) {
    if (value) told.set(name, value);
    else told.delete(name);
  }
  return `/orders${number ? `/${encodeURIComponent(number)}` : ""}${told.size ? `?${told}` : ""}`;
}

function go(href) {
  history.pushState(null, "", href);
  take(location);
}

function later() {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      state.offset = 0;
      history.replaceState(null, "", address());
      refresh();
    }, TYPING_MS);
  };
}

/** What the server is asked for, as [name, value] pairs: a state may be there several times. */
function query() {
  const view = Object.entries(VIEWS[state.view][1]).flatMap(([name, value]) => [value].flat().map((each) => [name, String(each)]));
  return [...[...new FormData(filters)].filter(([, value]) => value), ...view];
}

async function refresh() {
  const asked = ++state.asked;
  const asking = new URLSearchParams(query());
  for (const link of document.querySelectorAll("[data-format]")) {
    link.href = `/api/orders/export?${new URLSearchParams([...query(), ["format", link.dataset.format]])}`;
  }
  asking.set("limit", String(PAGE));
  asking.set("offset", String(state.offset));
  try {
    const [{ total, orders }, counts] = await Promise.all([ask(`/api/orders?${asking}`), ask("/api/orders/counts")]);
    if (asked !== state.asked) return;
    drawViews(counts);
    drawList(total, orders);
    if (state.number && !document.querySelector("dialog[open]")) open();
  } catch (error) {
    if (asked !== state.asked) return;
    byId("list").removeAttribute("aria-busy");
    if (!byId("list").childElementCount) byId("list").replaceChildren(failed(error, refresh));
    byId("count").textContent = "暂时连不上服务器，稍后自动再试";
  }
}

function drawViews(counts) {
  const focused = document.activeElement.closest?.("#views a")?.dataset.view;
  byId("views").replaceChildren(...Object.entries(VIEWS).map(([name, [words, , parts]]) => {
    const count = parts.reduce((sum, part) => sum + (counts[part] ?? 0), 0);
    return h("a", {
      href: address("", { view: name === "all" ? "" : name, offset: "" }), data: { view: name, alarm: String(name === "overdue" && count > 0) },
      "aria-current": name === state.view ? "page" : undefined,
      onclick: (event) => follow(event),
    }, words, parts.length > 0 && h("span", { class: "count" }, String(count)));
  }));
  if (focused) byId("views").querySelector(`[data-view="${focused}"]`)?.focus();
  const waiting = byId("undelivered");
  waiting.hidden = !counts.stuck;
  waiting.textContent = `${counts.stuck} 条推送多次未送达`;
}

function drawList(total, orders) {
  const list = byId("list");
  list.removeAttribute("aria-busy");
  byId("count").textContent = `共 ${total} 张`;
  const focused = document.activeElement.closest?.(".order-row")?.dataset.number;
  list.replaceChildren(...(orders.length ? orders.map(row) : [h("li", { class: "empty" }, "没有符合条件的工单")]));
  if (focused) list.querySelector(`[data-number="${CSS.escape(focused)}"]`)?.focus();
  const last = Math.max(0, Math.ceil(total / PAGE) - 1);
  const at = state.offset / PAGE;
  const turning = document.activeElement.closest?.("#pages button")?.textContent;
  byId("pages").replaceChildren(...(last === 0 ? [] : [turn("上一页", at - 1, at > 0), h("span", { class: "note" }, `${at + 1} / ${last + 1}`), turn("下一页", at + 1, at < last)]));
  if (turning) [...byId("pages").querySelectorAll("button:enabled")].sort((one) => (one.textContent === turning ? -1 : 1))[0]?.focus();
}

function turn(words, page, there) {
  return h("button", { type: "button", class: "small", disabled: !there, onclick: () => go(address(state.number, { offset: page * PAGE })) }, words);
}

function row(order) {
  const due = dueWords(order);
  return h("li", {}, h("a", {
    class: "order-row", href: address(order.number), data: { number: order.number },
    "aria-current": order.number === state.number ? "true" : undefined, onclick: follow,
  },
  h("span", { class: "row-head" },
    h("span", { class: "row-title" }, order.title || "（无标题）"),
    h("span", { class: "badge", data: { order: order.state } }, order.state_name)),
  h("span", { class: "row-meta" },
    h("span", {}, order.number), h("span", {}, order.confidential ? "保密" : order.caller_name || "未留姓名"),
    h("span", {}, order.department_name || (order.state === "closed" ? "直接答复" : "未定单位")),
    order.urgency !== "一般" && h("span", { class: "alarm" }, order.urgency),
    order.contact_overdue && h("span", { class: "alarm" }, "首次联系超时"),
    order.supervised && h("span", { class: "alarm" }, "督办"),
    order.urged > 0 && h("span", { class: "warning" }, `催办 ${order.urged} 次`),
    due && h("span", { class: due.kind }, due.text),
    h("span", { class: "spacer" }), h("span", {}, moment(order.received)))));
}

function follow(event) {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  go(event.currentTarget.getAttribute("href"));
}

/** Show the order that the address names. */
async function open() {
  for (const link of document.querySelectorAll(".order-row")) {
    if (link.dataset.number === state.number) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  document.title = `${state.number || "工单"} · 智能座席助手`;
  await showOrder(byId("order"), state.number, {
    life: state.life,
    departments: state.departments,
    by: () => byId("by").value.trim(),
    moved: () => refresh(),
    failed: sayError,
  });
}
