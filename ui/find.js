/** Search in the conversation: every place that holds what is typed is lit up, and the arrows go from one to the next. */

import { byId } from "./dom.js";

/** Names of the highlights in desk.css. They lie over the text, so that marks of evidence stay as they are. */
const FOUND = "found";
const CURRENT = "found-current";

export class Find {
  /**
   * @param {{show: (utterance: number, place: Range) => void}} transcript
   * @param {() => void} closed called once the row is gone
   */
  constructor(transcript, closed) {
    this.transcript = transcript;
    this.closed = closed;
    this.box = byId("transcript");
    this.row = byId("find");
    this.input = byId("find-text");
    this.count = byId("find-count");
    this.only = byId("find-flagged");
    byId("find-open").addEventListener("click", () => this.open());
    byId("find-previous").addEventListener("click", () => this.#step(-1));
    byId("find-next").addEventListener("click", () => this.#step(1));
    byId("find-close").addEventListener("click", () => this.close());
    this.only.addEventListener("click", () => this.#filter(this.only.getAttribute("aria-pressed") !== "true"));
    this.input.addEventListener("input", (event) => event.isComposing || this.#typed());
    this.input.addEventListener("compositionend", () => this.#typed());
    this.row.addEventListener("keydown", (event) => this.#key(event));
    this.reset();
  }

  get focused() {
    return this.row.contains(document.activeElement);
  }

  /** No row, and nothing looked for. */
  reset() {
    this.row.hidden = true;
    this.input.value = "";
    this.current = null;
    this.#press(false);
    this.update();
  }

  open() {
    if (!this.focused) this.before = document.activeElement;
    this.row.hidden = false;
    this.update();
    this.input.focus();
    this.input.select();
  }

  /** Back to where the focus was. True if there was anything to close. */
  close() {
    if (this.row.hidden) return false;
    const { focused } = this;
    this.reset();
    if (focused) (this.before?.isConnected && this.before !== document.body ? this.before : this.box).focus();
    this.closed();
    return true;
  }

  /** Lines have come or changed: find again, and stay where the reader is. */
  update() {
    this.only.disabled = !this.box.querySelector(".line[data-flagged]");
    if (this.only.disabled) this.#press(false);
    this.places = this.row.hidden ? [] : this.#places();
    this.current = this.places.find((place) => this.current && order(place, this.current) === 0) ?? null;
    this.#draw();
  }

  #typed() {
    const from = this.current;
    this.update();
    const top = this.box.getBoundingClientRect().top;
    const ahead = (place) => (from ? order(place, from) >= 0 : place.range.getBoundingClientRect().bottom > top);
    this.#show(this.places.find(ahead) ?? this.places[0] ?? null);
  }

  #filter(on) {
    this.#press(on);
    this.#typed();
  }

  /** Show marked lines only, or all of them. */
  #press(on) {
    this.only.setAttribute("aria-pressed", String(on));
    this.box.toggleAttribute("data-only-flagged", on);
  }

  #step(by) {
    const { length } = this.places;
    if (!length) return;
    const at = this.places.indexOf(this.current);
    this.#show(this.places[at < 0 && by < 0 ? length - 1 : (at + by + length) % length]);
  }

  #show(place) {
    this.current = place;
    this.#draw();
    if (place) this.transcript.show(place.utterance, place.range);
  }

  /** What is looked for, in order; where nothing is typed, the marked lines if only those are asked for. */
  #places() {
    const only = this.only.getAttribute("aria-pressed") === "true";
    const wanted = folded(this.input.value.trim()).text;
    if (!wanted && !only) return [];
    return [...this.box.querySelectorAll(`.line[data-final="true"]${only ? "[data-flagged]" : ""} .words`)].flatMap((words) => {
      const utterance = Number(words.closest(".line").dataset.utterance);
      return matches(words, wanted).map((place) => ({ utterance, ...place }));
    });
  }

  #draw() {
    const typed = this.input.value.trim();
    const { length } = this.places;
    const at = this.places.indexOf(this.current) + 1;
    this.count.textContent = length ? `${at || "–"} / ${length}` : typed && "没有找到";
    // Chromium before 105 has no highlights: there the line that is led to has to do.
    if (!CSS.highlights) return;
    CSS.highlights.set(FOUND, new Highlight(...(typed ? this.places : []).map(({ range }) => range)));
    const current = new Highlight(...(typed && at ? [this.current.range] : []));
    current.priority = 1;
    CSS.highlights.set(CURRENT, current);
  }

  #key(event) {
    if (event.isComposing) return;
    if (event.key === "Enter" && event.target === this.input && !event.ctrlKey) this.#step(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
  }
}

const order = (one, other) => one.utterance - other.utterance || one.start - other.start;

/** Where an element's text holds `wanted` (folded), each as a range; all of it where nothing is wanted. */
function matches(element, wanted) {
  const { text, starts, ends } = folded(element.textContent);
  if (!wanted) return [{ start: 0, range: rangeOf(element, 0, ends.at(-1) ?? 0) }];
  const found = [];
  for (let from = text.indexOf(wanted); from >= 0; from = text.indexOf(wanted, from + wanted.length)) {
    const start = starts[from];
    found.push({ start, range: rangeOf(element, start, ends[from + wanted.length - 1]) });
  }
  return found;
}

/** Text without case and width, and for each of its units where the character it came from starts and ends. */
function folded(written) {
  let text = "";
  const starts = [];
  const ends = [];
  let at = 0;
  for (const character of written) {
    const plain = character.normalize("NFKC").toLowerCase();
    text += plain;
    for (let unit = 0; unit < plain.length; unit += 1) {
      starts.push(at);
      ends.push(at + character.length);
    }
    at += character.length;
  }
  return { text, starts, ends };
}

/** Units [start, end) of an element's text, which may be in several text nodes. */
function rangeOf(element, start, end) {
  const range = document.createRange();
  range.selectNodeContents(element);
  const nodes = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  for (let node = nodes.nextNode(), before = 0; node; before += node.length, node = nodes.nextNode()) {
    if (start >= before && start < before + node.length) range.setStart(node, start - before);
    if (end > before && end <= before + node.length) range.setEnd(node, end - before);
  }
  return range;
}
