/** What the page tells and asks its editor: a notice at the foot of the page, a question in front of it. */

import { byId, h } from "./dom.js";

const SHOWN_MS = 8000;
let timer;

/**
 * @param {string} text
 * @param {{error?: boolean, action?: [string, () => void]}} options an error stays until it is closed; `action`: a button
 */
export function say(text, { error = false, action } = {}) {
  clearTimeout(timer);
  const box = byId("notice");
  const close = () => box.replaceChildren();
  const act = () => {
    close();
    action[1]();
  };
  box.replaceChildren(h("div", { class: "notice", role: error ? "alert" : "status", data: { kind: error ? "error" : "done" } },
    h("span", {}, text),
    action && h("button", { type: "button", class: "small", onclick: act }, action[0]),
    h("button", { type: "button", class: "quiet small", "aria-label": "关闭提示", onclick: close }, "×")));
  if (!error) timer = setTimeout(close, SHOWN_MS);
}

/** Take the notice away: what comes next has its own. */
export const hush = () => byId("notice").replaceChildren();

/** Take an error away that belongs to what is no longer shown. */
export const hushError = () => byId("notice").querySelector('[role="alert"]') && hush();

export const sayError = (error) => error.name === "AbortError" || say(error.message, { error: true });

/**
 * @param {{yes: string, no?: string, danger?: boolean}} words of the two buttons; `danger`: something is taken away
 * @returns {Promise<boolean>} whether the editor agrees
 */
export function agree(question, text, { yes, no = "取消", danger = false }) {
  return new Promise((resolve) => {
    const answer = h("form", { method: "dialog", class: "choice" },
      h("button", { value: "no" }, no), h("button", { class: danger ? "danger" : "primary", value: "yes" }, yes));
    const dialog = h("dialog", { class: "help ask", "aria-label": question }, h("h1", {}, question), h("p", {}, text), answer);
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** A part of the page that waits for the server. */
export const loading = (text = "正在读取…") => h("p", { class: "empty", role: "status" }, text);

/** A part of the page that the server did not fill. */
export const failed = (error, again) =>
  h("div", { class: "empty", role: "alert" }, h("p", {}, error.message), h("button", { type: "button", onclick: again }, "再试一次"));
