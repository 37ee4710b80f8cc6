/** One order: what it says, by when it is due, what has been done to it and what can be done now. */

import { ask } from "./api.js";
import { h } from "./dom.js";
import { failed, loading } from "./notice.js";
import { askMove } from "./order-move.js";
import { dueWords } from "./order-words.js";
import { moment } from "./times.js";

/** Of the ticket's fields those that the head of the order shows already. */
const ABOVE = new Set(["title", "content", "department", "co_departments"]);
/** The next step, which most who open an order want to take. */
const NEXT = { accepted: "dispatch", returned: "dispatch", dispatched: "start", in_progress: "answer", answered: "call_back", callback: "close" };

/** The order on the page, and its version: one that is read again is drawn only when somebody has moved it. */
let shown = "";
let version = 0;

/**
 * @param {HTMLElement} panel
 * @param {string} number of the order, "" for none
 * @param {{life: object, departments: object[], by: () => string, moved: () => void, failed: (error: Error) => void}} page
 */
export async function showOrder(panel, number, page) {
  if (!number) {
    shown = "";
    panel.replaceChildren(h("p", { class: "empty" }, "从左边选一张工单"));
    return;
  }
  if (number !== shown) {
    version = 0;
    panel.replaceChildren(loading());
  }
  shown = number;
  let order;
  try {
    order = await ask(`/api/orders/${encodeURIComponent(number)}`);
  } catch (error) {
    if (number === shown && !version) panel.replaceChildren(failed(error, () => showOrder(panel, number, page)));
    return;
  }
  if (number === shown && order.version !== version) draw(panel, order, page);
}

function draw(panel, order, page) {
  version = order.version;
  const focused = panel.contains(document.activeElement);
  const due = dueWords(order);
  panel.replaceChildren(
    h("header", { class: "panel-head" },
      h("h1", {}, order.number),
      h("span", { class: "badge", data: { order: order.state } }, order.state_name),
      due && h("span", { class: due.kind || "note" }, due.text),
      order.contact_overdue && h("span", { class: "alarm" }, "首次联系超时"),
      order.supervised && h("span", { class: "alarm" }, "督办"),
      h("span", { class: "spacer" }),
      h("a", { class: "button quiet small", href: `/calls/${encodeURIComponent(order.call)}` }, "听通话、看原工单")),
    h("div", { class: "order-body" },
      h("h2", { class: "order-title" }, order.title || "（无标题）"),
      h("p", { class: "order-content" }, order.content || "（无内容）"),
      order.answer && h("section", { class: "order-answer" }, h("h3", {}, "答复"), h("p", {}, order.answer)),
      actions(panel, order, page),
      family(order),
      deadlines(order),
      history(order, page),
      ticket(order)));
  if (focused) focusNext(panel);
}

/** What has been focused is gone: on to what comes next. */
function focusNext(panel) {
  (panel.querySelector(".order-actions .primary") ?? panel.querySelector(".order-actions button") ?? panel).focus();
}

function actions(panel, order, page) {
  const path = `/api/orders/${encodeURIComponent(order.number)}`;
  const box = h("div", { class: "order-actions" }, ...order.moves.map((name) =>
    h("button", { type: "button", class: NEXT[order.state] === name ? "primary" : "", onclick: () => act(name) }, page.life.moves[name].label)));
  let seen = order.version;

  /** Make the move; what the server does not take is thrown, and the next try is about the order as it is then. */
  const send = async (name, told) => {
    try {
      const after = await ask(`${path}/moves`, { method: "POST", body: { move: name, version: seen, by: page.by(), ...told } });
      if (order.number === shown) draw(panel, after, page);
    } catch (error) {
      if (error.status === 409) seen = (await ask(path).catch(() => order)).version;
      throw error;
    } finally {
      page.moved();
    }
  };

  const act = async (name) => {
    const buttons = [...box.children];
    for (const button of buttons) button.disabled = true;
    try {
      await askMove(name, page.life.moves[name], order, page, (told) => send(name, told));
    } catch (error) {
      page.failed(error);
    }
    for (const button of buttons) button.disabled = false;
    if (document.activeElement === document.body) focusNext(panel);
  };
  return box;
}

/** The order that this one has joined, and those that have joined it. */
function family({ master, joined }) {
  const links = (numbers) => numbers.flatMap((number) => [h("a", { href: `/orders/${encodeURIComponent(number)}` }, number), " "]);
  return (master || joined.length > 0) && facts([
    master && ["主单", links([master])],
    joined.length > 0 && [`并入 ${joined.length} 件`, links(joined)],
  ]);
}

function deadlines(order) {
  return facts([
    ["承办单位", [order.department_name || "未定", ...(order.co_department_names.length ? [`（协办：${order.co_department_names.join("、")}）`] : [])].join("")],
    order.contact_due && ["首次联系", `${moment(order.contact_due)} 前`],
    order.due && ["办结时限", `${moment(order.due)} 前${order.extended ? `（已延期 ${order.extended} 个工作日）` : ""}`],
    order.due && ["依据", `${order.deadline}${order.estimated ? "；当年放假安排尚未公布，按法定节假日估算" : ""}`],
  ]);
}

function ticket(order) {
  const rows = Object.entries(order.ticket).filter(([name]) => !ABOVE.has(name)).map(([, field]) => [field.label, words(field)]);
  return facts([["来电号码", order.line || "未显示号码"], ...rows]);
}

function words({ value, display }) {
  if (typeof value === "boolean") return value ? "是" : "否";
  return display || (Array.isArray(value) ? value.join("、") : String(value));
}

function history(order, page) {
  return h("section", {}, h("h3", {}, "办理记录"), h("ol", { class: "history" }, ...order.steps.map((step) => h("li", {},
    h("p", {},
      h("strong", {}, step.label), h("span", { class: "note" }, `${moment(step.at)}　${step.by}（${page.life.roles[step.role]}${step.source ? `，${step.source}` : ""}）`)),
    details(step, page), step.note && h("p", { class: "step-note" }, step.note)))));
}

function details({ data }, page) {
  const name = (code) => page.departments.find(({ value }) => value === code)?.display ?? code;
  const told = [];
  if (data.department) told.push(`派给 ${name(data.department)}${data.co_departments?.length ? `，协办 ${data.co_departments.map(name).join("、")}` : ""}`);
  if (data.days) told.push(`延期 ${data.days} 个工作日，至 ${moment(data.due)}`);
  for (const [question, answer] of Object.entries(data.answers ?? {})) {
    told.push(`${page.life.questions[question]} ${answer === null ? "未答" : answer ? "是" : "否"}`);
  }
  return told.length > 0 && h("p", { class: "note" }, told.join("；"));
}

function facts(rows) {
  return h("dl", { class: "facts" }, ...rows.filter(Boolean).flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, ...[value].flat())]));
}
