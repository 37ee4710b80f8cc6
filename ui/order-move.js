/** The question before something is done to an order: what else has to be told. */

import { h } from "./dom.js";

/** What the note of a move is for. */
const NOTES = { return: "退回原因", answer: "答复内容", extend: "延期理由", note: "备注", reopen: "重办原因", close: "说明", urge: "催办说明", supervise: "督办意见", dispatch: "派单说明" };
const YES_NO = [["true", "是"], ["false", "否"], ["null", "未答"]];

/**
 * @param {string} name of the move
 * @param {{label: string, needs: string[]}} move
 * @returns {Promise<object|null>} what the server needs beside the move's name; null: the move is not made
 */
export function askMove(name, move, order, { departments, life }) {
  if (name === "start" || name === "call_back") return Promise.resolve({});
  const needs = new Set(move.needs);
  const form = h("form", { method: "dialog", class: "move-form" },
    h("h1", {}, `${move.label}　${order.number}`),
    needs.has("department") && label("承办单位", h("select", { name: "department", required: true },
      h("option", { value: "" }, "请选择"), ...departments.map(({ value, display }) => h("option", { value, selected: value === order.department }, display)))),
    needs.has("days") && label("延期（工作日）", h("input", { name: "days", type: "number", min: 1, max: 99, required: true, value: "1" })),
    needs.has("answers") && h("div", { class: "questions" }, ...Object.entries(life.questions).map(([key, words]) => question(key, words))),
    label(NOTES[name] ?? "说明", h("textarea", { name: "note", required: needs.has("note"), maxLength: 5000 }), !needs.has("note")),
    h("div", { class: "choice" },
      h("button", { value: "no", formNoValidate: true }, "取消"), h("button", { class: "primary", value: "yes" }, move.label)));
  const dialog = h("dialog", { class: "help ask", "aria-label": move.label }, form);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes" ? read(new FormData(form), needs) : null);
    });
    document.body.append(dialog);
    dialog.showModal();
    form.querySelector("select, input, textarea").focus();
  });
}

function label(words, control, optional = false) {
  return h("label", {}, h("span", {}, words, optional && h("small", {}, "（可不填）")), control);
}

function question(key, words) {
  return h("fieldset", {}, h("legend", {}, words), ...YES_NO.map(([value, answer]) =>
    h("label", {}, h("input", { type: "radio", name: `answers.${key}`, value, required: true }), answer)));
}

function read(told, needs) {
  const answers = [...told].filter(([name]) => name.startsWith("answers.")).map(([name, value]) => [name.slice(8), JSON.parse(value)]);
  return {
    note: told.get("note") ?? "",
    ...(needs.has("department") && { department: told.get("department") }),
    ...(needs.has("days") && { days: Number(told.get("days")) }),
    ...(needs.has("answers") && { answers: Object.fromEntries(answers) }),
  };
}
