/** The conversation as it is being said: one line an utterance, ordered by when the speech began. */

import { byId, h, icon } from "./dom.js";
import { isEntity, marked } from "./marking.js";
import { clock } from "./times.js";

const SPEAKERS = { caller: "市民", agent: "座席", unknown: "说话人" };
/** Below this the recogniser itself doubts the words, and the line says so. */
const DOUBTFUL = 0.5;
/** Pixels from the end within which the reader still counts as following. */
const NEAR_END = 40;

/** Seconds of sound before and after the words of a line that is played. */
const MARGIN = 0.3;

export class Transcript {
  /** @param {{has: (utterance: number) => boolean, toggle: (utterance: number) => void}} flags lines marked to come back to */
  constructor(flags) {
    this.flags = flags;
    this.player = new Audio();
    this.player.addEventListener("ended", () => this.#playing(null));
    this.player.addEventListener("error", () => this.player.src && this.#unheard());
    this.call = "";
    this.box = byId("transcript");
    this.empty = byId("transcript-empty");
    this.latest = byId("to-latest");
    this.note = byId("evidence-note");
    this.next = byId("evidence-next");
    this.box.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.latest.addEventListener("click", () => this.toLatest());
    this.next.addEventListener("click", () => this.#showSpan(this.shown + 1));
    new ResizeObserver(() => this.#follow()).observe(this.box);
    this.reset();
  }

  /** An empty transcript; `call`: whose sound is played. */
  reset(call) {
    this.call = call ?? "";
    this.player?.pause();
    this.played = null;
    /** @type {Map<number, object>} utterance number -> what is known of it */
    this.utterances = new Map();
    /** @type {Map<number, HTMLElement>} */
    this.lines = new Map();
    this.changed = new Set();
    this.spans = [];
    /** @type {Map<string, {utterance: number, start: number, end: number, label: string}[]>} field -> where it was said */
    this.entities = new Map();
    this.shown = 0;
    /** The line that somebody was led to last. */
    this.pointed = null;
    this.following = true;
    this.box.replaceChildren();
    this.latest.hidden = true;
    this.note.textContent = "";
    this.next.hidden = true;
  }

  /** Take in one event; `flush` brings it to the screen. */
  apply({ type, at, data }) {
    const known = this.utterances.get(data.utterance);
    if (type === "speech.started") {
      if (!known) this.#put(data.utterance, { speaker: data.speaker, start: at, stable: "", tentative: "", final: false });
    } else if (type === "transcript.partial") {
      if (!known?.final) this.#put(data.utterance, { ...data, final: false });
    } else if (data.text === "") {
      this.utterances.delete(data.utterance);
      this.changed.add(data.utterance);
    } else {
      this.#put(data.utterance, { ...data, stable: data.text, tentative: "", final: true });
    }
  }

  /** A field of the ticket has changed: the names, numbers and times that it came from are underlined. */
  underline({ field, label, evidence }) {
    if (!isEntity(field)) return;
    const spans = evidence.map((span) => ({ ...span, label }));
    if (JSON.stringify(spans) === JSON.stringify(this.entities.get(field) ?? [])) return;
    for (const { utterance } of [...(this.entities.get(field) ?? []), ...spans]) if (this.utterances.has(utterance)) this.changed.add(utterance);
    this.entities.set(field, spans);
  }

  /** Draw what changed since the last time. */
  flush() {
    if (this.changed.size) {
      for (const number of this.changed) this.#draw(number);
      this.changed.clear();
      this.#follow();
    }
    this.empty.hidden = this.lines.size > 0;
  }

  say(text) {
    this.empty.textContent = text;
  }

  /**
   * Light up the words that a field's value came from.
   * @param {{label: string, spans: {utterance: number, start: number, end: number}[], scroll: boolean}} evidence
   *   characters are code points, as the server counts them
   */
  showEvidence({ label, spans, scroll }) {
    const before = this.spans;
    this.spans = spans;
    for (const { utterance } of [...before, ...spans]) if (this.lines.has(utterance)) this.#draw(utterance);
    const count = spans.length;
    this.note.textContent = label && (count ? `“${label}”的依据：${count} 处` : `“${label}”没有原话依据`);
    this.next.hidden = count < 2;
    if (count && scroll) this.#showSpan(0);
  }

  toLatest() {
    this.following = true;
    this.latest.hidden = true;
    this.#point(null);
    this.#follow();
  }

  /** Lead the reader to a line, at `place` where that is a part of it; it stays in view while others talk on. */
  show(number, place = this.lines.get(number)) {
    this.#point(number);
    this.following = false;
    this.latest.hidden = false;
    this.#reveal(place);
  }

  /** The line that is meant: where the focus is, where the reader was led to, else what was said last. Null: none. */
  get meant() {
    const focused = document.activeElement?.closest(".line")?.dataset.utterance;
    if (focused !== undefined) return Number(focused);
    if (!this.following && this.lines.has(this.pointed)) return this.pointed;
    const finals = [...this.utterances].filter(([, { final }]) => final).map(([number]) => number);
    return finals.length ? Math.max(...finals) : null;
  }

  /** A line's mark has come or gone. */
  drawFlag(number) {
    const line = this.lines.get(number);
    if (!line) return;
    const flagged = this.flags.has(number);
    line.toggleAttribute("data-flagged", flagged);
    line.querySelector(".flag")?.setAttribute("aria-pressed", String(flagged));
  }

  /** Something about the conversation that the reader should know. */
  tell(text) {
    this.note.textContent = text;
  }

  #put(number, utterance) {
    this.utterances.set(number, utterance);
    this.changed.add(number);
  }

  #draw(number) {
    const utterance = this.utterances.get(number);
    let line = this.lines.get(number);
    if (!utterance) {
      line?.remove();
      this.lines.delete(number);
      return;
    }
    if (!line) {
      line = h("div", { class: "line", data: { utterance: number } });
      this.lines.set(number, line);
      this.#insert(number, line);
    }
    const { speaker, start, stable, tentative, final } = utterance;
    const focused = line.contains(document.activeElement) ? document.activeElement.className : "";
    line.dataset.speaker = speaker;
    line.dataset.final = String(final);
    const doubtful = final && utterance.confidence < DOUBTFUL;
    line.replaceChildren(
      final
        ? h("button", { type: "button", class: "when", title: "听这一句", "aria-label": `听 ${clock(start)} 这一句`, onclick: () => this.#play(number) }, clock(start))
        : h("span", { class: "when" }, clock(start)),
      h("span", { class: "who" }, SPEAKERS[speaker] ?? SPEAKERS.unknown),
      h("p", { class: "said" },
        h("span", { class: "words" }, ...(final ? marked(stable, this.#of(number, this.spans), this.#of(number, [...this.entities.values()].flat())) : [stable])),
        tentative && h("span", { class: "tentative" }, tentative),
        !stable && !tentative && h("span", { class: "speaking" }, "正在说话…"),
        doubtful && h("span", { class: "doubtful", title: "识别把握不大，请以录音为准" }, "可能听错")),
      // Not in the order of Tab, which stops at each line already: M marks the line that has the focus.
      final ? h("button", {
        type: "button", class: "flag", tabIndex: -1, title: "标记，稍后再看（M）", "aria-label": `标记 ${clock(start)} 这一句`,
        "aria-keyshortcuts": "M Alt+M", onclick: () => this.flags.toggle(number),
      }, icon("flag")) : "",
    );
    this.drawFlag(number);
    if (focused) line.getElementsByClassName(focused)[0]?.focus();
  }

  #of(number, spans) {
    return spans.filter(({ utterance }) => utterance === number);
  }

  /** Play a line, or stop it where it is being played. */
  #play(number) {
    if (this.played === number) return this.#playing(null);
    const { start, end } = this.utterances.get(number);
    const part = new URLSearchParams({ start: Math.max(0, start - MARGIN).toFixed(2), end: (end + MARGIN).toFixed(2) });
    this.player.src = `/api/calls/${encodeURIComponent(this.call)}/audio?${part}`;
    this.#playing(number);
    return this.player.play().catch(() => {});
  }

  #playing(number) {
    this.lines.get(this.played)?.removeAttribute("data-playing");
    this.played = number;
    this.lines.get(number)?.setAttribute("data-playing", "");
    if (number === null) this.player.pause();
  }

  #unheard() {
    this.#playing(null);
    this.tell("这通电话没有录音，或录音已过保存期");
  }

  #insert(number, line) {
    let after = this.box.lastElementChild;
    while (after && Number(after.dataset.utterance) > number) after = after.previousElementSibling;
    if (after) after.after(line);
    else this.box.prepend(line);
  }

  #showSpan(index) {
    const marks = this.box.querySelectorAll("mark");
    if (!marks.length) return;
    this.shown = index % marks.length;
    marks.forEach((mark, i) => mark.classList.toggle("current", i === this.shown));
    this.#reveal(marks[this.shown]);
  }

  #point(number) {
    this.lines.get(this.pointed)?.removeAttribute("data-pointed");
    this.pointed = number;
    this.lines.get(number)?.setAttribute("data-pointed", "");
  }

  /** Scroll to an element or a range, if it is out of view. */
  #reveal(place) {
    const view = this.box.getBoundingClientRect();
    const { top, bottom } = place.getBoundingClientRect();
    if (top >= view.top && bottom <= view.bottom) return;
    this.following = false;
    this.box.scrollTop += top - view.top - view.height / 3;
  }

  #scrolled() {
    const rest = this.box.scrollHeight - this.box.clientHeight - this.box.scrollTop;
    this.following = rest < NEAR_END;
    this.latest.hidden = this.following;
  }

  #follow() {
    if (this.following) this.box.scrollTop = this.box.scrollHeight;
  }
}
