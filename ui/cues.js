/** How the conversation goes: nobody speaks, or the agent speaks too fast. */

import { byId } from "./dom.js";

const SILENT_SECONDS = 15;
/** Characters a second, over the agent's last utterances; Mandarin is spoken at four to five. */
const FAST = 6;
const LAST = 3;
const FEWEST = 20;

export class Cues {
  constructor() {
    this.element = byId("cues");
    this.reset();
  }

  reset() {
    this.spokeAt = 0;
    this.said = [];
    this.element.textContent = "";
  }

  /** A transcript event at some second of the call. */
  apply({ type, at, data }) {
    this.spokeAt = at;
    if (type !== "transcript.final" || data.speaker !== "agent" || !data.text) return;
    const characters = data.text.replace(/[^\p{L}\p{N}]/gu, "").length;
    this.said = [...this.said, { characters, seconds: data.end - data.start }].slice(-LAST);
  }

  /** Show what holds at a second of a live call; nothing once it is over. */
  show(now, live) {
    const characters = this.said.reduce((sum, one) => sum + one.characters, 0);
    const seconds = this.said.reduce((sum, one) => sum + one.seconds, 0);
    const silent = Math.floor(now - this.spokeAt);
    const words = !live ? "" : silent >= SILENT_SECONDS ? `已静默 ${silent} 秒` : characters >= FEWEST && characters / seconds > FAST ? "语速偏快" : "";
    if (this.element.textContent !== words) this.element.textContent = words;
  }
}
