/** The list of calls, newest first; each opens on the desk page for review. */

import { listCalls } from "./call-list.js";
import { byId, h } from "./dom.js";
import { clock, moment } from "./times.js";

const REFRESH_MS = 10000;
let calls = [];

async function load() {
  try {
    calls = await listCalls();
    draw();
  } catch {
    byId("count").textContent = "暂时连不上服务器，稍后自动再试";
  }
}

function draw() {
  const words = byId("filter").value.trim().split(/\s+/).filter(Boolean);
  const shown = calls.filter((call) => words.every((word) => `${call.caller_phone} ${call.agent} ${call.title} ${call.id}`.includes(word)));
  byId("count").textContent = words.length ? `${shown.length} / ${calls.length} 通` : `最近 ${calls.length} 通`;
  byId("empty").hidden = shown.length > 0;
  byId("empty").textContent = calls.length ? "没有符合条件的通话" : "还没有通话";
  const focused = document.activeElement.closest?.("tr")?.dataset.call;
  byId("calls").replaceChildren(...shown.map(row));
  if (focused) byId("calls").querySelector(`[data-call="${CSS.escape(focused)}"] a`)?.focus();
}

function row(call) {
  const address = `/calls/${encodeURIComponent(call.id)}`;
  const live = call.state === "live";
  const seconds = (new Date(call.ended_at) - new Date(call.started_at)) / 1000;
  return h("tr", { data: { call: call.id, state: call.state }, onclick: (event) => event.target.closest("a") || location.assign(address) },
    h("td", {}, moment(call.started_at)),
    h("td", {}, call.agent),
    h("td", {}, call.caller_phone || "未显示号码"),
    h("td", { class: "title" }, h("a", { href: address }, call.title || "（暂无标题）")),
    h("td", { class: "number" }, call.ended_at && seconds >= 0 ? clock(seconds) : ""),
    h("td", { class: "number" }, String(call.utterances)),
    h("td", {}, h("span", { class: "badge", data: { state: call.state } }, live ? "通话中" : "已结束")),
    h("td", {}, h("a", { href: `/api/calls/${encodeURIComponent(call.id)}/ticket?format=csv`, download: "" }, "CSV")));
}

byId("filter").addEventListener("input", draw);
setInterval(() => document.hidden || load(), REFRESH_MS);
load();
