/** The first page: which seat is this, and what calls there were. */

import { listCalls } from "./call-list.js";
import { byId, h } from "./dom.js";
import { moment } from "./times.js";

const LAST_SEAT = "seat.last";
const ALWAYS = ["1", "2", "3", "4", "5", "6"];
const SHOWN = 6;

const desk = (seat) => `/desk/${encodeURIComponent(seat)}`;
const remember = (seat) => localStorage.setItem(LAST_SEAT, seat);

byId("seat").value = localStorage.getItem(LAST_SEAT) ?? "";
byId("go").addEventListener("submit", (event) => {
  event.preventDefault();
  const seat = byId("seat").value.trim();
  if (!seat) return;
  remember(seat);
  location.assign(desk(seat));
});

function showSeats(calls) {
  const busy = new Set(calls.filter((call) => call.state === "live").map((call) => call.agent));
  const seats = [...new Set([...ALWAYS, ...calls.map((call) => call.agent)])].slice(0, 12);
  byId("seats").replaceChildren(...seats.map((seat) =>
    h("li", {}, h("a", { class: "button", href: desk(seat), onclick: () => remember(seat) }, `座席 ${seat}`,
      busy.has(seat) && h("span", { class: "badge", data: { state: "live" } }, "通话中")))));
}

function showRecent(calls) {
  byId("empty").hidden = calls.length > 0;
  byId("recent").replaceChildren(...calls.slice(0, SHOWN).map((call) =>
    h("li", {}, h("a", { href: `/calls/${encodeURIComponent(call.id)}` }, call.title || call.caller_phone || "未显示号码"),
      h("span", { class: "note" }, `座席 ${call.agent}　${moment(call.started_at)}`))));
}

showSeats([]);
listCalls().then((calls) => {
  showSeats(calls);
  showRecent(calls);
}, () => {
  byId("empty").hidden = false;
  byId("empty").textContent = "暂时连不上服务器";
});
