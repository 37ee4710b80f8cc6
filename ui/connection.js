/**
 * The websocket of one page, as if it never broke: it reconnects, asks for the events after the last one it saw, and
 * sends every message again until the server has acknowledged it (the server ignores repeats of an id).
 */

import { signIn } from "./session.js";

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 5000;
/** After this long without a connection the page says 已断开 instead of 重连中. */
const LOST_AFTER_MS = 10000;
/** An acknowledgement takes milliseconds; a socket that owes one for this long is dead although still open. */
const ACK_OVERDUE_MS = 8000;
/** Close code of a server that does not know the call: asking again would not help. */
const NO_SUCH_CALL = 4404;
/** Close code where the session has ended; what is not acknowledged yet is sent after the sign-in. */
const SIGNED_OUT = 4401;
/** Close code of a call that is another agent's. */
const FORBIDDEN = 4403;
const STORE = "seat.pending";

export class Connection {
  /**
   * @param {string} path "/desk/1/events" or "/calls/ID/events"
   * @param {{event: Function, ack: Function, error: Function, idle: Function, trouble: Function, state: Function}} handlers
   *   event(event), ack({id, seq}), error({id, message}), idle(), trouble(why the server can store nothing, "": it can),
   *   state("open"|"retrying"|"lost"|"refused"|"forbidden")
   */
  constructor(path, handlers) {
    this.path = path;
    this.handlers = handlers;
    this.call = "";
    this.seq = 0;
    this.socket = null;
    this.retries = 0;
    this.retryTimer = 0;
    this.downSince = performance.now();
    this.trouble = "";
    /** @type {Map<string, {message: object, sent: number}>} */
    this.pending = new Map();
    for (const message of restore()) this.pending.set(message.id, { message, sent: 0 });
    setInterval(() => this.#watch(), 1000);
    addEventListener("online", () => this.reconnect());
    this.#open();
  }

  /** Send until acknowledged. Returns the id under which it will be. */
  send(message) {
    const id = newId();
    const entry = { message: { ...message, id }, sent: 0 };
    this.pending.set(id, entry);
    this.#keep();
    this.#transmit(entry);
    return id;
  }

  /** Messages of one call that are not acknowledged yet, oldest first. */
  unacknowledged(call) {
    return [...this.pending.values()].map((entry) => entry.message).filter((message) => message.call === call);
  }

  /** Try now instead of at the next turn. */
  reconnect() {
    if (this.socket && this.socket.readyState <= WebSocket.OPEN) return;
    clearTimeout(this.retryTimer);
    this.#open();
  }

  #open() {
    const url = new URL(this.path, location.href);
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    if (this.call) {
      if (this.path.startsWith("/desk/")) url.searchParams.set("call", this.call);
      url.searchParams.set("after", String(this.seq));
    }
    const socket = new WebSocket(url);
    this.socket = socket;
    socket.onopen = () => {
      this.retries = 0;
      this.downSince = 0;
      this.handlers.state("open");
      for (const entry of this.pending.values()) this.#transmit(entry);
    };
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    socket.onclose = ({ code }) => {
      if (socket !== this.socket) return;
      if (code === SIGNED_OUT) signIn();
      else if (code === NO_SUCH_CALL) this.handlers.state("refused");
      else if (code === FORBIDDEN) this.handlers.state("forbidden");
      else this.#closed();
    };
  }

  /** While nothing can be stored, nothing is acknowledged; afterwards everything is asked again. */
  #troubled(why) {
    this.trouble = why;
    this.handlers.trouble(why);
    if (!why) for (const entry of this.pending.values()) this.#transmit(entry);
  }

  #closed() {
    this.trouble = "";
    this.handlers.trouble("");
    this.downSince ||= performance.now();
    const wait = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.retries++);
    this.#tellDown();
    this.retryTimer = setTimeout(() => this.#open(), wait * (0.8 + 0.4 * Math.random()));
  }

  #receive(message) {
    if (message.type === "idle") return this.handlers.idle();
    if (message.type === "trouble") return this.#troubled(message.message);
    if (message.type === "ack" || message.type === "error") {
      if (message.id !== undefined) this.pending.delete(message.id);
      this.#keep();
      return this.handlers[message.type](message);
    }
    if (message.call !== this.call) {
      if (message.type !== "call.started") return undefined;
      this.call = message.call;
      this.seq = 0;
    }
    if (message.seq <= this.seq) return undefined;
    this.seq = message.seq;
    return this.handlers.event(message);
  }

  #transmit(entry) {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    entry.sent = performance.now();
    this.socket.send(JSON.stringify(entry.message));
  }

  #watch() {
    const now = performance.now();
    if (this.downSince) return this.#tellDown();
    if (this.trouble) return undefined;
    const overdue = [...this.pending.values()].some((entry) => entry.sent && now - entry.sent > ACK_OVERDUE_MS);
    if (!overdue) return undefined;
    const dead = this.socket;
    this.socket = null;
    dead.close();
    return this.#closed();
  }

  #tellDown() {
    this.handlers.state(performance.now() - this.downSince > LOST_AFTER_MS ? "lost" : "retrying");
  }

  #keep() {
    sessionStorage.setItem(STORE, JSON.stringify([...this.pending.values()].map((entry) => entry.message)));
  }
}

function restore() {
  try {
    return JSON.parse(sessionStorage.getItem(STORE) || "[]");
  } catch {
    return [];
  }
}

/** 128 random bits; crypto.randomUUID would need HTTPS, which a hotline's own network often lacks. */
function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
