/**
 * One field of the work order: what the server knows of it, what the agent is typing into it, and what is on its way.
 * What she is typing always wins on the screen; what the server says wins everywhere else.
 */

import { h, icon } from "./dom.js";
import { InvalidInput, inputFor } from "./inputs.js";

/** Below this a suggestion is more likely wrong than an agent would expect, and looks it. */
const DOUBTFUL = 0.6;
/** Arrow keys run through a menu's choices one by one: send the one she stops at. */
const SETTLE_MS = 400;
const FLASH_MS = 1600;
/** A pointer that only passes over fields shows no evidence. */
const REST_MS = 250;

/** Candidates below this are found in the pick list only. */
const UNLIKELY = 0.01;

const EMPTY = { value: null, state: "empty", confidence: 0, evidence: [], display: "", candidates: [], generated: false };
const STATES = { empty: "空", suggested: "建议", confirmed: "已确认", edited: "已修改" };

export class Field {
  /**
   * @param {{name: string, label: string, kind: string, choices: object[], required: boolean}} definition
   * @param {{edit: (name: string, value: unknown) => string, accept: (name: string) => string,
   *   point: (field: Field, scroll: boolean) => void, peek: (field: Field, rests: boolean) => void,
   *   changed: (field: Field) => void, startedAt: () => string}} form
   *   edit and accept send and return the id of the message; point shows where the value was said, peek too while the
   *   pointer rests there, changed if it is shown
   */
  constructor(definition, form) {
    this.name = definition.name;
    this.label = definition.label;
    this.kind = definition.kind;
    this.required = Boolean(definition.required);
    this.choices = definition.choices ?? [];
    this.form = form;
    this.input = inputFor(definition, {
      candidates: () => this.server.candidates,
      startedAt: form.startedAt,
    });
    this.#build();
    this.reset();
  }

  reset() {
    clearTimeout(this.timer);
    this.server = EMPTY;
    this.typing = false;
    this.sent = null;
    this.problem = "";
    this.conflict = null;
    this.locked = false;
    this.draw();
  }

  /** The ticket is submitted: to be read, and no longer to be changed. */
  lock() {
    this.locked = true;
    this.revert();
  }

  /** What the server says now. `live`: it happened just now, rather than being read back after a reload. */
  update(data, live) {
    const before = JSON.stringify([this.server.value, this.server.state]);
    this.server = { ...EMPTY, ...data };
    this.problem = "";
    this.draw();
    if (live && before !== JSON.stringify([this.server.value, this.server.state])) this.#flash();
    this.form.changed(this);
  }

  /** What was heard to contradict the agent's value, or null: nothing any more (see Hints). */
  contradict(conflict) {
    this.conflict = conflict;
    this.draw();
  }

  /** A message that changes this field is on its way (also after a reload, from what was kept). */
  sending(message) {
    this.sent = { id: message.id, value: message.type === "ticket.edit" ? message.value : this.server.value, seq: null };
    this.draw();
  }

  /** The server has taken message `id` as event `seq`, which this page may not have seen yet (`seen` is the last it has). */
  acknowledged(id, seq, seen) {
    if (this.sent?.id !== id) return;
    this.sent.seq = seq ?? 0;
    this.seen(seen);
  }

  /** Events up to `seq` have been taken in. */
  seen(seq) {
    if (!this.sent || this.sent.seq === null || this.sent.seq > seq) return;
    this.sent = null;
    this.draw();
  }

  /** The server has refused message `id`: back to its value, with the reason beside it. */
  refused(id, reason) {
    if (this.sent?.id !== id) return;
    this.sent = null;
    this.problem = reason;
    this.draw();
  }

  /** Send what was typed, if it differs from what is known. False if it cannot be sent as it is. */
  commit() {
    clearTimeout(this.timer);
    if (!this.typing) return true;
    let value;
    try {
      value = this.input.read();
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error;
      this.problem = error.message;
      this.draw();
      return false;
    }
    this.typing = false;
    this.problem = "";
    if (same(value, this.sent ? this.sent.value : this.server.value)) this.draw();
    else this.sending({ id: this.form.edit(this.name, value), type: "ticket.edit", value });
    return true;
  }

  /** The agent agrees with what the field shows: with the suggestion, or with her own value against what was heard. */
  accept() {
    if (this.typing) return this.commit();
    if (this.unverified) this.sending({ id: this.form.accept(this.name), type: "ticket.accept" });
    else if (this.contested) this.conflict.keep();
    return true;
  }

  /** Drop what was typed. True if there was anything to drop. */
  revert() {
    clearTimeout(this.timer);
    const dropped = this.typing || Boolean(this.problem);
    this.typing = false;
    this.problem = "";
    this.draw();
    return dropped;
  }

  focus() {
    this.input.focusable.focus();
    this.input.focusable.scrollIntoView({ block: "nearest" });
  }

  get missing() {
    return this.required && isEmpty(this.sent ? this.sent.value : this.server.value);
  }

  get unverified() {
    return this.server.state === "suggested" && !this.sent && !this.typing && !this.locked;
  }

  /** Something else was heard than what the agent has put here, and she has not decided yet. */
  get contested() {
    return Boolean(this.conflict) && !this.sent && !this.locked;
  }

  draw() {
    const { value, state, confidence, display, generated } = this.server;
    if (!this.typing) {
      if (this.sent) this.input.write(this.sent.value, "");
      else this.input.write(value, display);
    }
    const look = this.problem ? "problem" : this.sent ? "saving" : state === "suggested" && confidence < DOUBTFUL ? "doubtful" : state;
    this.root.dataset.state = state;
    this.root.dataset.look = look;
    this.icon.setAttribute("href", `/ui/icons.svg#${look}`);
    this.state.textContent = this.sent ? "保存中…" : state === "suggested" ? `建议 ${Math.round(confidence * 100)}%` : STATES[state];
    this.generated.textContent = generated && state === "suggested" && !this.sent ? "模型生成，请核对" : "";
    this.check.hidden = !this.unverified;
    this.problemLine.textContent = this.problem;
    this.problemLine.hidden = !this.problem;
    this.input.focusable.setAttribute("aria-invalid", String(Boolean(this.problem)));
    this.#drawChips();
    this.#drawConflict();
    for (const part of this.input.element.parentNode.querySelectorAll("input, select, textarea, .chip button")) {
      if (part.matches("textarea, [type=text]")) part.readOnly = this.locked;
      else part.disabled = this.locked;
    }
  }

  #drawChips() {
    const { candidates, value, state } = this.server;
    const open = !this.locked && (state === "suggested" || state === "empty");
    const chips = open ? candidates.filter((candidate) => candidate.value !== value && candidate.confidence >= UNLIKELY) : [];
    const rival = this.typing && state !== "empty" && !same(value, this.typedOver);
    this.chips.replaceChildren(
      ...chips.map((candidate) => h("button", {
        type: "button", class: "chip-button", title: `改为“${candidate.display}”`, onclick: () => this.#choose(candidate.value),
      }, h("span", {}, candidate.display), h("small", {}, `${Math.round(candidate.confidence * 100)}%`))),
      ...(rival ? [h("button", { type: "button", class: "chip-button rival", onpointerdown: (event) => this.#takeRival(event) },
        h("span", {}, `听到新值：${this.server.display || String(value ?? "空")}`), h("small", {}, "Esc 采用"))] : []));
    // Where there are candidates at times, their line is always there: nothing moves when they come or go.
    this.chips.hidden = !this.offers && !this.chips.childElementCount;
  }

  #drawConflict() {
    const { contested } = this;
    this.heard.hidden = !contested;
    if (!contested) return this.heard.replaceChildren();
    const { value, display } = this.conflict;
    const button = (word, title, onclick) => h("button", { type: "button", class: "small", title, "aria-label": `${this.label}：${title}`, onclick }, word);
    return this.heard.replaceChildren(
      icon("doubtful"), h("span", {}, "又听到：", h("strong", {}, display)),
      button("采用", `采用“${display}”（Alt+Enter）`, () => this.#choose(value)),
      button("保留", "保留原值（Enter）", () => {
        this.conflict.keep();
        this.input.focusable.focus();
      }));
  }

  #choose(value) {
    this.typing = false;
    this.sending({ id: this.form.edit(this.name, value), type: "ticket.edit", value });
    this.input.focusable.focus();
  }

  #takeRival(event) {
    event.preventDefault();
    this.revert();
  }

  #flash() {
    this.root.classList.add("flash");
    clearTimeout(this.flashing);
    this.flashing = setTimeout(() => this.root.classList.remove("flash"), FLASH_MS);
  }

  #build() {
    const { element, focusable } = this.input;
    const describes = `${this.name}-generated ${this.name}-state ${this.name}-problem ${this.name}-heard`;
    element.setAttribute("aria-describedby", describes);
    focusable.setAttribute("aria-describedby", describes);
    if (this.required) focusable.setAttribute("aria-required", "true");
    const svg = icon("empty");
    this.icon = svg.firstChild;
    this.state = h("span", {});
    this.generated = h("span", { class: "generated", id: `${this.name}-generated` });
    const grouped = this.kind === "boolean";
    const name = h(grouped ? "span" : "label", grouped ? { class: "name" } : { class: "name", for: focusable.id },
      this.label, this.required && h("abbr", { title: "必填" }, "＊"));
    this.check = h("button", {
      type: "button", class: "check-button", tabIndex: -1, title: "采纳（Enter）", "aria-label": `采纳${this.label}`,
      onclick: () => this.accept() && this.input.focusable.focus(),
    }, "✓");
    this.chips = h("span", { class: "candidates", hidden: true });
    this.offers = focusable.getAttribute("role") === "combobox" && this.kind !== "list";
    this.heard = h("span", { class: "heard", id: `${this.name}-heard`, role: "status", hidden: true });
    this.problemLine = h("span", { class: "problem", id: `${this.name}-problem`, role: "alert", hidden: true });
    this.root = h("div", { class: "field", data: { field: this.name, kind: this.kind } },
      h("span", { class: "field-head" }, name, this.generated, h("span", { class: "state", id: `${this.name}-state` }, svg, this.state)),
      h("span", { class: "control" }, element, this.check),
      this.heard, this.chips, this.problemLine);
    this.#listen();
  }

  #listen() {
    const began = () => {
      if (!this.typing) this.typedOver = this.server.value;
      this.typing = true;
    };
    this.root.addEventListener("compositionstart", began);
    this.root.addEventListener("input", began);
    this.root.addEventListener("change", (event) => {
      began();
      clearTimeout(this.timer);
      const settling = event.target.matches("select, [type=radio]");
      if (settling) this.timer = setTimeout(() => this.commit(), SETTLE_MS);
      else this.commit();
    });
    this.root.addEventListener("focusin", () => this.form.point(this, true));
    this.root.addEventListener("pointerenter", () => (this.resting = setTimeout(() => this.#peek(true), REST_MS)));
    this.root.addEventListener("pointerleave", () => this.#peek(false));
    this.root.addEventListener("focusout", (event) => !this.root.contains(event.relatedTarget) && this.commit());
    this.root.addEventListener("click", (event) => {
      if (!event.target.closest(".field-head")) return;
      if (!event.target.closest("label")) this.focus();
      this.form.point(this, true);
    });
    this.root.addEventListener("keydown", (event) => this.#key(event));
  }

  /** The pointer rests on the field, or leaves it. */
  #peek(rests) {
    clearTimeout(this.resting);
    this.form.peek(this, rests);
  }

  #key(event) {
    if (event.isComposing || event.defaultPrevented) return;
    const inButton = event.target.closest("button");
    if (event.key === "Enter" && event.altKey && this.contested) {
      event.preventDefault();
      this.#choose(this.conflict.value);
    } else if (event.key === "Enter" && !event.shiftKey && !event.ctrlKey && !inButton) {
      event.preventDefault();
      this.accept();
    } else if (event.key === "Escape" && this.revert()) {
      event.preventDefault();
      event.stopPropagation();
    }
  }
}

const isEmpty = (value) => value === null || value === undefined || value === "" || (Array.isArray(value) && !value.length);

function same(one, other) {
  if (isEmpty(one) && isEmpty(other)) return true;
  return JSON.stringify(one) === JSON.stringify(other);
}
