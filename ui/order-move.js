/** The question before something is done to an order: what else has to be told. */

import { h } from "./dom.js";

/** What the note of a move is for. */
const NOTES = { return: "退回原因", answer: "答复内容", extend: "延期理由", note: "备注", reopen: "重办原因", close: "说明", urge: "催办说明", supervise: "督办意见", dispatch: "派单说明" };
/** Moves that need no word. */
const AT_ONCE = new Set(["start", "call_back"]);
const YES_NO = [["true", "是"], ["false", "否"], ["null", "未答"]];

/** Notes that were written and not sent are kept in this tab: neither Esc nor a new sign-in loses them. */
const DRAFT = "seat.draft";

/**
 * Ask what the move needs, and send it; the dialog stays open until the server has taken it.
 * @param {string} name of the move
 * @param {{label: string, needs: string[]}} move
 * @param {(told: object) => Promise<void>} send throws an error in words
 * @returns {Promise<void>} when it is done or given up
 */
export function askMove(name, move, order, { departments, life }, send) {
  if (AT_ONCE.has(name)) return send({});
  const needs = new Set(move.needs);
  const draft = `${DRAFT} ${order.number} ${name}`;
  const note = h("textarea", { name: "note", required: needs.has("note"), maxLength: 5000, value: sessionStorage.getItem(draft) ?? "" });
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const done = h("button", { class: "primary" }, move.label);
  const form = h("form", { class: "move-form" },
    h("h1", {}, `${move.label}　${order.number}`),
    needs.has("department") && label("承办单位", h("select", { name: "department", required: true },
      h("option", { value: "" }, "请选择"), ...departments.map(({ value, display }) => h("option", { value, selected: value === order.department }, display)))),
    needs.has("days") && label("延期（工作日）", h("input", { name: "days", type: "number", min: 1, max: 99, required: true, value: "1" })),
    needs.has("answers") && h("div", { class: "questions" }, ...Object.entries(life.questions).map(([key, words]) => question(key, words))),
    label(NOTES[name] ?? "说明", note, !needs.has("note")),
    problem,
    h("div", { class: "choice" }, h("button", { type: "button", onclick: () => dialog.close() }, "取消"), done));
  const dialog = h("dialog", { class: "help ask", "aria-label": move.label }, form);
  note.addEventListener("input", () => sessionStorage.setItem(draft, note.value));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    done.disabled = true;
    problem.hidden = true;
    try {
      await send(read(new FormData(form), needs));
      sessionStorage.removeItem(draft);
      dialog.close();
    } catch (error) {
      problem.textContent = error.status === 409 ? `${error.message}再点一次“${move.label}”，就按最新的状态办理。` : error.message;
      problem.hidden = false;
    }
    done.disabled = false;
  });
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve();
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
