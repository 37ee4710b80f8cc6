/** Lines marked to come back to: what the server says of each, and what is on its way there. */

import { byId } from "./dom.js";

export class Flags {
  /**
   * @param {{send: (utterance: number, flagged: boolean) => string, changed: (utterance: number) => void,
   *   show: (utterance: number) => void}} page send returns the id of the message
   */
  constructor(page) {
    this.page = page;
    this.button = byId("flags-next");
    this.count = byId("flags-count");
    this.button.addEventListener("click", () => this.next());
    this.reset();
  }

  reset() {
    /** @type {Map<number, {flagged: boolean, seq: number}>} utterance -> what the server said last, and in which event */
    this.known = new Map();
    /** @type {Map<string, {utterance: number, flagged: boolean}>} id of the message -> what it asks for, oldest first */
    this.sent = new Map();
    this.shown = -1;
    this.#draw();
  }

  has(utterance) {
    const asked = [...this.sent.values()].findLast((each) => each.utterance === utterance);
    return (asked ?? this.known.get(utterance))?.flagged ?? false;
  }

  /** Utterances that are marked, in order. */
  get numbers() {
    const mentioned = new Set([...this.known.keys(), ...[...this.sent.values()].map(({ utterance }) => utterance)]);
    return [...mentioned].filter((utterance) => this.has(utterance)).sort((one, other) => one - other);
  }

  /** Mark an utterance, or take its mark away. */
  toggle(utterance) {
    const flagged = !this.has(utterance);
    this.sent.set(this.page.send(utterance, flagged), { utterance, flagged });
    this.#changed(utterance);
  }

  /** Show the next marked line after the one shown last. */
  next() {
    const { numbers } = this;
    if (!numbers.length) return;
    this.shown = numbers.find((number) => number > this.shown) ?? numbers[0];
    this.page.show(this.shown);
  }

  /** Messages that were sent before a reload and are not acknowledged yet. */
  restore(messages) {
    for (const { id, type, utterance, flagged } of messages) {
      if (type !== "transcript.flag") continue;
      this.sent.set(id, { utterance, flagged });
      this.#changed(utterance);
    }
  }

  apply({ seq, data }) {
    this.#settle(data.utterance, data.flagged, seq);
  }

  /** The server has taken a message as event `seq`, which this page may have seen already. */
  acknowledged({ id, seq }) {
    const asked = this.sent.get(id);
    if (!asked) return;
    this.sent.delete(id);
    this.#settle(asked.utterance, asked.flagged, seq);
  }

  /** True if the refused message was one of these: the line is as it was. */
  refused({ id }) {
    const asked = this.sent.get(id);
    if (!asked) return false;
    this.sent.delete(id);
    this.#changed(asked.utterance);
    return true;
  }

  #settle(utterance, flagged, seq) {
    if (seq > (this.known.get(utterance)?.seq ?? 0)) this.known.set(utterance, { flagged, seq });
    this.#changed(utterance);
  }

  #changed(utterance) {
    this.#draw();
    this.page.changed(utterance);
  }

  #draw() {
    const { length } = this.numbers;
    this.count.textContent = `标记 ${length}`;
    this.button.hidden = !length;
  }
}
