/** Changes of articles: who makes them, and that other parts of the page hear of them. */

import { byId } from "./dom.js";
import { articlePath, ask } from "./api.js";
import { say } from "./notice.js";

const BY = "seat.by";
/** The server makes its index anew within seconds: what has been found before is asked again so many ms after a change. */
const AGAIN_MS = [1500, 4000, 9000, 20000];
const listeners = [];
/** Articles written on this page, by id: until the index has a new one, only the page knows it. */
export const written = new Map();

export function bindEditorName() {
  const input = byId("by");
  input.value = localStorage.getItem(BY) ?? "";
  input.addEventListener("input", () => {
    localStorage.setItem(BY, input.value.trim());
    input.removeAttribute("aria-invalid");
  });
}

/** Who works here; "" after asking for the name, where it is missing. */
export function editorName() {
  const input = byId("by");
  const name = input.value.trim();
  if (!name) {
    input.setAttribute("aria-invalid", "true");
    input.focus();
    say("请先在右上角填写经手人姓名，改动会记在您名下；填一次即可。", { error: true });
  }
  return name;
}

/** @param {(soon: boolean) => void} listener called after every change (`soon` false), and again when the index may have it */
export const onChange = (listener) => listeners.push(listener);

export function tellChange() {
  const tell = (soon) => listeners.forEach((listener) => listener(soon));
  tell(false);
  for (const pause of AGAIN_MS) setTimeout(() => tell(true), pause);
}

/** Write an article, a new one where `id` is empty. Throws ApiError with the problems of its fields. */
export async function save(id, body, by) {
  const article = await ask(id ? articlePath(id) : "/api/articles", { method: id ? "PUT" : "POST", query: { by }, body });
  written.set(article.id, article);
  tellChange();
  return article;
}

export async function remove(id, by) {
  await ask(articlePath(id), { method: "DELETE", query: { by } });
  written.delete(id);
  tellChange();
}

export async function review(id, by) {
  await ask(articlePath(id, "/review"), { method: "POST", query: { by } });
  tellChange();
}

export async function restore(id, version, by) {
  await ask(articlePath(id, "/restore"), { method: "POST", query: { version, by } });
  tellChange();
}
