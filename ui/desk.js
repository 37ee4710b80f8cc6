/** The agent's page: takes the events of her call from the connection and hands each to the panel it belongs to. */

import { Caller } from "./caller.js";
import { Connection } from "./connection.js";
import { Cues } from "./cues.js";
import { byId } from "./dom.js";
import { Find } from "./find.js";
import { Flags } from "./flags.js";
import { Form } from "./form.js";
import { Hints } from "./hints.js";
import { bindKeys } from "./keys.js";
import { Knowledge } from "./knowledge.js";
import { clock } from "./times.js";
import { Tips } from "./tips.js";
import { Transcript } from "./transcript.js";
import { linkWindows, showPanel, splitWindows } from "./windows.js";

const [, place, name] = location.pathname.split("/").map(decodeURIComponent);
const review = place === "calls";
const panel = new URLSearchParams(location.search).get("panel") ?? "both";

/** The call on the page. `heard`: seconds of audio so far, as of wall time `heardAt`; state waiting | live | ended. */
const call = { id: "", agent: review ? "" : name, phone: "", startedAt: "", state: "waiting", heard: 0, heardAt: 0, endedAt: 0, submitted: false };
/** More events than this in one frame, or so soon after connecting, are a call read back: nothing should flash. */
const BACKLOG = 30;
const SETTLED_MS = 1500;
let openedAt = Infinity;
let queue = [];

const flags = new Flags({
  send: (utterance, flagged) => send({ type: "transcript.flag", utterance, flagged }),
  changed: (utterance) => {
    transcript.drawFlag(utterance);
    find.update();
  },
  show: (utterance) => transcript.show(utterance),
});
const transcript = new Transcript(flags);
const find = new Find(transcript, () => call.state === "live" && transcript.toLatest());
const caller = new Caller((master) => call.id && send({ type: "ticket.join", master }));
const cues = new Cues();
const knowledge = new Knowledge({
  rate: (article, useful) => send({ type: "article.feedback", article, useful }),
  use: (article, how) => call.id && send({ type: "article.use", article, how }),
  insert: (answer) => form.answer(answer),
  answered: (answer) => form.answered(answer),
  department: (code) => form.departmentName(code),
  agent: () => call.agent,
});
const tips = panel === "form"
  ? new Tips(byId("form-panel"), [])
  : new Tips(byId("knowledge-panel"), [...byId("knowledge-panel").children]);
const tell = linkWindows(fromWindows);
const hints = new Hints(
  (key) => tell({ kind: "dismiss", call: call.id, key }),
  panel === "transcript" ? null : (field, conflict) => form.contradict(field, conflict),
);
const form = new Form({
  edit: (field, value) => send({ type: "ticket.edit", field, value }),
  accept: (field) => send({ type: "ticket.accept", field }),
  undo: (field) => send({ type: "ticket.undo", field }),
  submit: (direct) => send({ type: "ticket.submit", direct }),
  point: (field, scroll) =>
    tell({ kind: "evidence", call: call.id, evidence: { label: field?.label ?? "", spans: field?.server.evidence ?? [], scroll } }),
  startedAt: () => call.startedAt,
});

arrange();
await form.load();
form.reset("");
knowledge.flush();
const connection = new Connection(`/${place}/${encodeURIComponent(name)}/events`, {
  event(event) {
    if (!queue.length) requestAnimationFrame(render);
    queue.push(event);
  },
  ack(message) {
    form.acknowledged(message, call.seq ?? 0);
    flags.acknowledged(message);
    knowledge.settled(message.id, false);
  },
  error(message) {
    if (message.id === undefined) {
      transcript.say(message.message);
      return;
    }
    form.refused(message);
    caller.refused(message);
    if (flags.refused(message)) transcript.tell(message.message);
    knowledge.settled(message.id, true);
  },
  idle() {},
  trouble(why) {
    byId("trouble").hidden = !why;
    byId("trouble").textContent = why && `${why}，暂时不能保存。通话照常进行，内容不会丢，恢复后自动保存；请通知管理员。`;
  },
  state: showConnection,
});
byId("reconnect").addEventListener("click", () => connection.reconnect());
addEventListener("beforeunload", (event) => connection.pending.size && event.preventDefault());
setInterval(showClock, 500);

function send(message) {
  return connection.send({ ...message, call: call.id });
}

/** Apply everything that has arrived since the last frame, then draw once. */
function render() {
  const events = queue;
  queue = [];
  const live = events.length < BACKLOG && performance.now() - openedAt > SETTLED_MS;
  for (const event of events) apply(event, live);
  transcript.flush();
  find.update();
  form.flush(call.seq);
  knowledge.flush();
  showCall();
}

function apply(event, live) {
  const { type, at, data } = event;
  if (type === "call.started") begin(event);
  if (event.call !== call.id) return;
  call.seq = event.seq;
  if (at > call.heard) Object.assign(call, { heard: at, heardAt: performance.now() });
  if (type === "transcript.flagged") flags.apply(event);
  else if (type.startsWith("transcript.") || type === "speech.started") {
    transcript.apply(event);
    cues.apply(event);
  }
  if (type.startsWith("knowledge.")) knowledge.apply(event);
  else if (type.startsWith("ticket.")) form.apply(event, live);
  else if (type === "hint.raised") hints.raise(data);
  else if (type === "call.ended") {
    Object.assign(call, { state: "ended", reason: data.reason, endedAt: live ? performance.now() : 0 });
    hints.ended();
  } else if (type === "call.resumed") Object.assign(call, { state: "live", reason: "", endedAt: 0, heardAt: performance.now() });
  if (type === "ticket.updated") {
    caller.field(data);
    transcript.underline(data);
    hints.settle(data.field);
  }
  if (type === "ticket.joined") caller.joined(data);
  if (type === "ticket.submitted") {
    call.submitted = true;
    caller.done(data);
  }
}

function begin({ call: id, data, seq }) {
  if (call.id) leave();
  Object.assign(call, {
    id, seq, agent: data.agent ?? call.agent, phone: data.caller_phone, startedAt: data.started_at,
    state: "live", reason: "", endedAt: 0, heard: 0, heardAt: performance.now(), submitted: false,
  });
  flags.reset();
  transcript.reset(id);
  find.reset();
  transcript.say("已接通，等待说话");
  knowledge.reset(data.started_at);
  hints.reset(id);
  cues.reset();
  caller.begin(id, data.caller_phone);
  form.reset(id);
  const unacknowledged = connection.unacknowledged(id);
  form.restore(unacknowledged);
  flags.restore(unacknowledged);
}

/** The next call has begun: nothing typed for the last one may be lost, and its ticket stays one click away. */
function leave() {
  form.commit();
  const previous = byId("previous-call");
  previous.hidden = call.submitted;
  previous.href = `/calls/${encodeURIComponent(call.id)}`;
}

function fromWindows(message) {
  if (message.call !== call.id) return;
  if (message.kind === "evidence") transcript.showEvidence(message.evidence);
  else if (message.kind === "dismiss") hints.dismiss(message.key);
}

function showConnection(state) {
  if (state === "open" && openedAt === Infinity) openedAt = performance.now();
  const words = { open: "已连接", retrying: "重连中…", lost: "已断开", refused: "没有这通电话", forbidden: "没有权限看这通电话" };
  const label = byId("connection");
  if (label.dataset.state !== state) label.textContent = words[state];
  label.dataset.state = state;
  byId("reconnect").hidden = state !== "lost";
}

function showCall() {
  const endings = { lost: "已结束（声音中断）", interrupted: "已结束（服务中断）" };
  const words = { waiting: "等待来电", live: "通话中", ended: endings[call.reason] ?? "已结束" };
  byId("call-state").dataset.state = call.state;
  byId("call-state-text").textContent = words[call.state];
  byId("caller-phone").textContent = call.phone ?? "";
  byId("seat").textContent = call.agent ? `座席 ${call.agent}` : "";
  document.title = call.state === "waiting" ? "智能座席助手" : `${words[call.state]} ${call.phone ?? ""} · 智能座席助手`;
  showClock();
}

function showClock() {
  const running = call.state === "live" ? (performance.now() - call.heardAt) / 1000 : 0;
  const after = call.state === "ended" && call.endedAt && !call.submitted ? ` · 话后 ${clock((performance.now() - call.endedAt) / 1000)}` : "";
  byId("call-clock").textContent = call.state === "waiting" ? "" : clock(call.heard + running) + after;
  cues.show(call.heard + running, call.state === "live");
}

async function splitScreens() {
  if (!(await splitWindows())) transcript.tell("浏览器没有打开新窗口：请允许本站弹出窗口，再按一次分屏");
}

function arrange() {
  byId("desk").dataset.panel = panel;
  if (review) transcript.say("正在读取通话…");
  const split = byId("split");
  split.textContent = panel === "both" ? "分屏" : "合并";
  split.title = panel === "both" ? "通话和工单各开一个窗口，每块屏幕一个" : "两部分回到一个窗口";
  split.addEventListener("click", () => (panel === "both" ? splitScreens() : showPanel("")));
  const large = byId("large");
  large.addEventListener("click", () => {
    const on = large.getAttribute("aria-pressed") !== "true";
    large.setAttribute("aria-pressed", String(on));
    document.documentElement.dataset.large = String(on);
  });
  addEventListener("pagehide", () => form.commit());
  bindKeys({
    next: () => form.nextUnverified(),
    acceptAll: () => form.acceptAll(),
    undo: (target) => form.undoes(target) && (() => form.undo()),
    submit: () => form.submit(false),
    direct: () => form.submit(true),
    back: () => tips.close() || find.close() || knowledge.back(),
    search: () => {
      tips.close();
      byId("knowledge-query").focus();
    },
    card: (number) => knowledge.openCard(number),
    latest: () => transcript.toLatest(),
    copy: () => knowledge.copy(),
    insert: () => knowledge.insert(),
    tips: () => tips.toggle(),
    find: () => panel !== "form" && !find.focused && (() => find.open()),
    flag: () => transcript.meant !== null && flags.toggle(transcript.meant),
    join: () => caller.toggle(),
    nextFlag: () => flags.next(),
  });
  showCall();
}
