/** The work order: its fields in groups, in the order in which agents ask for them. */

import { byId, h } from "./dom.js";
import { Field } from "./field.js";
import { moment } from "./times.js";

/**
 * Group -> field -> share of a row of twelve. Fields the server has beyond these follow under 其他. Where the form has a
 * wide window to itself, the first three groups stand left and the others right.
 */
const GROUPS = [
  ["诉求人", { caller_name: 4, caller_gender: 3, contact_phone: 5 }],
  ["诉求", { request_type: 3, category: 6, urgency: 3, subject: 4, occurred_at: 5, amount: 3, people_affected: 4, callback: 4, confidential: 4 }],
  ["地点", { address: 12, district: 3, street: 3, community: 3, road: 3, compound: 3, building: 3, unit: 3, room: 3 }],
  ["承办", { department: 5, co_departments: 7 }],
  ["内容", { title: 12, content: 12 }],
];
const LEFT = 3;
const RETRY_MS = 2000;
/** The field that takes answers given to the caller, each a paragraph that begins with these words. */
const ANSWERED_IN = "content";
const ANSWERED = "直接答复：";
/** Characters by which the paragraph of an answer is known again after it has been shortened or its article edited. */
const KNOWN_BY = 20;
/** Confidence from which suggestions are accepted together. */
const LIKELY = 0.85;

export class Form {
  /**
   * @param {{edit: Function, accept: Function, undo: Function, submit: Function, point: Function, startedAt: Function}} actions
   *   see Field; submit(direct) sends the ticket, direct: as answered by the agent herself
   */
  constructor(actions) {
    /** Names of the fields that were changed on this page, in order: what can be undone. */
    this.changes = [];
    /** The field that had the focus last. */
    this.pointed = null;
    /** The field on which the pointer has come to rest since. */
    this.peeked = null;
    this.actions = {
      ...actions,
      point: (field, scroll) => {
        this.pointed = field;
        this.peeked = null;
        actions.point(field, scroll);
      },
      peek: (field, rests) => {
        if (rests === (this.peeked === field)) return;
        this.peeked = rests ? field : null;
        actions.point(this.#explained, false);
      },
      changed: (field) => {
        if (field === this.#explained) actions.point(field, false);
      },
      edit: (name, value) => this.#keep(name, actions.edit(name, value)),
      accept: (name) => this.#keep(name, actions.accept(name)),
    };
    this.box = byId("ticket");
    this.summary = byId("form-summary");
    this.button = byId("submit");
    this.direct = byId("submit-direct");
    this.note = byId("submit-note");
    this.export = byId("form-export");
    /** @type {Map<string, Field>} */
    this.fields = new Map();
    this.button.addEventListener("click", () => this.submit(false));
    this.direct.addEventListener("click", () => this.submit(true));
    this.box.addEventListener("submit", (event) => event.preventDefault());
    this.box.addEventListener("input", () => this.#summarise());
  }

  /** The field whose evidence shows, or null. */
  get #explained() {
    return this.peeked ?? this.pointed;
  }

  /** The words for a department's code, "" where there are none. */
  departmentName(code) {
    return this.fields.get("department")?.choices.find((choice) => choice.value === code)?.display ?? "";
  }

  /** Ask the server which fields a ticket has, until it answers, and build them. */
  async load() {
    for (;;) {
      try {
        const answer = await fetch("/api/fields");
        if (answer.ok) return this.#build(await answer.json());
      } catch {
        this.summary.textContent = "正在等待服务器…";
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  /** An empty ticket for `call`, or none ("": nothing to fill). */
  reset(call) {
    // Keys meant for the last ticket must not land in this one.
    if (this.box.contains(document.activeElement)) document.activeElement.blur();
    this.box.inert = !call;
    this.sent = "";
    this.pointed = null;
    this.changes = [];
    this.submitted = false;
    this.submittedAt = 0;
    this.took = "";
    this.warned = "";
    /** The order that this one joins, which has a department already. */
    this.master = "";
    this.#say("");
    this.export.hidden = !call;
    this.export.href = `/api/calls/${encodeURIComponent(call)}/ticket?format=csv`;
    for (const field of this.fields.values()) field.reset();
    this.call = call;
    this.flush(0);
  }

  apply({ type, data }, live) {
    if (type === "ticket.joined") {
      this.master = data.master;
    } else if (type === "ticket.submitted") {
      this.submitted = true;
      this.sent = "";
      this.#done(data);
      for (const field of this.fields.values()) field.lock();
    } else if (type === "ticket.dispatched") {
      this.#dispatched(data);
    } else {
      this.fields.get(data.field)?.update(data, live);
    }
  }

  /** What was heard to contradict a field, or null: nothing any more. */
  contradict(name, conflict) {
    this.fields.get(name)?.contradict(conflict);
  }

  /** Events up to `seq` have been applied. */
  flush(seq) {
    for (const field of this.fields.values()) field.seen(seq);
    this.#summarise();
  }

  /** Messages that were sent before a reload and are not acknowledged yet. */
  restore(messages) {
    for (const message of messages) {
      if (message.field) this.fields.get(message.field)?.sending(message);
      else if (message.type === "ticket.submit") this.#submitting(message.id);
    }
  }

  acknowledged({ id, seq }, seen) {
    for (const field of this.fields.values()) field.acknowledged(id, seq, seen);
    if (this.sent === id) this.sent = "";
    this.#summarise();
  }

  refused({ id, message }) {
    for (const field of this.fields.values()) field.refused(id, message);
    if (this.sent === id) {
      this.sent = "";
      this.#say(message);
    }
    this.#summarise();
  }

  /** Send what is still being typed; false where something typed cannot be sent. */
  commit() {
    return [...this.fields.values()].map((field) => field.commit()).every(Boolean);
  }

  /**
   * Send the ticket. What is missing is said first; a caller may have refused it, so a second time sends all the same.
   * `direct`: the caller has been answered, so no department is needed.
   */
  submit(direct) {
    if (this.button.disabled) return;
    const wrong = !this.commit() && [...this.fields.values()].find((field) => field.problem);
    const missing = [...this.fields.values()].filter((field) => field.missing && !((direct || this.master) && field.name === "department"));
    const lacks = missing.map((field) => field.label).join("、");
    if (wrong || (lacks && lacks !== this.warned)) {
      this.#say(wrong ? `请先改正“${wrong.label}”` : `还缺：${lacks}。请补填，或再提交一次以照此提交`);
      this.warned = wrong ? "" : lacks;
      (wrong || missing[0]).focus();
      return;
    }
    this.submittedAt = performance.now();
    this.#submitting(this.actions.submit(direct));
  }

  /**
   * Put an answer that was given to the caller at the end of the content, in place of the same one where it is there
   * already. Returns the id of the message, "" where there is nothing to do.
   */
  answer(text) {
    if (["locked", "inserted"].includes(this.answered(text))) return "";
    const field = this.fields.get(ANSWERED_IN);
    const paragraph = answerParagraph(text);
    const known = paragraph.slice(0, ANSWERED.length + KNOWN_BY);
    const others = typed(field).split("\n").filter((line) => !line.startsWith(known));
    const value = [...others, paragraph].join("\n").trim();
    const id = this.actions.edit(ANSWERED_IN, value);
    field.typing = false;
    field.sending({ id, type: "ticket.edit", value });
    if (!this.box.contains(document.activeElement)) field.root.scrollIntoView({ block: "nearest" });
    this.#summarise();
    return id;
  }

  /** Whether an answer is in the content: "inserted", "saving", "" (no), or "locked" where nothing can be put there. */
  answered(text) {
    const field = this.fields.get(ANSWERED_IN);
    if (!field || this.button.disabled) return "locked";
    const holds = (value) => (value ?? "").split("\n").includes(answerParagraph(text));
    if (field.typing) return holds(typed(field)) ? "inserted" : "";
    if (field.sent) return holds(field.sent.value) ? "saving" : "";
    return holds(field.server.value) ? "inserted" : "";
  }

  /** Accept every suggestion that is likely right, and say how many those were. */
  acceptAll() {
    if (this.button.disabled) return;
    const likely = [...this.fields.values()].filter((field) => field.unverified && !field.typing && field.server.confidence >= LIKELY);
    for (const field of likely) field.accept();
    const percent = Math.round(LIKELY * 100);
    this.#say(likely.length ? `已采纳 ${likely.length} 项建议（把握 ${percent}% 以上），Ctrl+Z 逐项撤销` : `没有把握 ${percent}% 以上、还待核对的建议`);
    this.#summarise();
  }

  /** Whether Ctrl+Z means the ticket: not where the browser has typing to undo. */
  undoes(target) {
    const typed = [...this.fields.values()].some((field) => field.typing && field.root.contains(target));
    const elsewhere = target.matches?.("input, textarea") && !this.box.contains(target);
    return !typed && !elsewhere && !this.button.disabled;
  }

  /** Take back what was done last to the ticket on this page. */
  undo() {
    const name = this.changes.pop();
    const field = this.fields.get(name);
    if (!field) {
      this.#say("没有可以撤销的改动");
      return;
    }
    field.sending({ id: this.actions.undo(name), type: "ticket.undo" });
    this.#say(`已撤销对“${field.label}”的改动`);
    this.#summarise();
  }

  #keep(name, id) {
    this.changes.push(name);
    return id;
  }

  /** Move to the next suggestion that nobody has looked at, or value that was contradicted, from where the focus is. */
  nextUnverified() {
    const fields = [...this.fields.values()];
    const at = fields.findIndex((field) => field.root.contains(document.activeElement));
    [...fields.slice(at + 1), ...fields.slice(0, at + 1)].find((field) => field.unverified || field.contested)?.focus();
  }

  /** The ticket is an order; how long that took is told where this page submitted it. */
  #done({ order, direct }) {
    const took = this.submittedAt ? `，用时 ${((performance.now() - this.submittedAt) / 1000).toFixed(2)} 秒` : "";
    this.took = took;
    this.#say(`工单已提交${order ? `：${order}` : ""}${direct ? "，直接答复办结" : "，等待派单"}${took}`, true);
    if (order) this.note.append(" ", h("a", { href: `/orders/${encodeURIComponent(order)}`, target: "_blank" }, "查看"));
  }

  #dispatched({ order, department_name: department, due }) {
    const until = due ? `，${moment(due)} 前办结` : "";
    this.#say(`工单已提交：${order}，已派给${department}${until}${this.took}`, true);
    this.note.append(" ", h("a", { href: `/orders/${encodeURIComponent(order)}`, target: "_blank" }, "查看"));
  }

  #submitting(id) {
    this.sent = id;
    this.#say("正在提交…");
    this.#summarise();
  }

  #say(text, done = false) {
    this.note.textContent = text;
    this.note.dataset.done = String(done);
  }

  #summarise() {
    const fields = [...this.fields.values()];
    const filled = fields.filter((field) => field.server.state !== "empty").length;
    const open = fields.filter((field) => field.unverified).length;
    const contested = fields.filter((field) => field.contested).length;
    const parts = [`已填 ${filled} / ${fields.length}`, open && `待核对 ${open}`, contested && `有出入 ${contested}`];
    this.summary.textContent = !this.call || !fields.length ? "" : parts.filter(Boolean).join("，");
    this.button.disabled = !this.call || Boolean(this.sent) || this.submitted;
    this.direct.disabled = this.button.disabled;
    this.button.firstChild.textContent = this.submitted ? "已提交 " : "提交工单 ";
  }

  #build(definitions) {
    const byName = new Map(definitions.map((definition) => [definition.name, definition]));
    const placed = new Set(GROUPS.flatMap(([, shares]) => Object.keys(shares)));
    const rest = Object.fromEntries(definitions.filter(({ name }) => !placed.has(name)).map(({ name }) => [name, 4]));
    const columns = [h("div", { class: "column" }), h("div", { class: "column" })];
    this.box.replaceChildren(...columns);
    for (const [index, [title, shares]] of [...GROUPS, ["其他", rest]].entries()) {
      const present = Object.entries(shares).filter(([name]) => byName.has(name));
      if (!present.length) continue;
      const grid = h("div", { class: "fields" });
      for (const [name, share] of present) {
        const field = new Field(byName.get(name), this.actions);
        field.root.dataset.share = share;
        this.fields.set(name, field);
        grid.append(field.root);
      }
      columns[index < LEFT ? 0 : 1].append(h("fieldset", { class: "group" }, h("legend", {}, title), grid));
    }
    this.#summarise();
  }
}

/** What stands in a field of text, whether it can be sent or not. */
const typed = (field) => field.input.focusable.value.trim();
const answerParagraph = (text) => ANSWERED + text.trim().split(/\s*\n\s*/).join(" ");
