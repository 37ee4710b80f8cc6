/** The tab of files: a file is tried first, its problems are shown row by row, then it is taken over; and the exports. */

import { byId, h } from "./dom.js";
import { upload } from "./api.js";
import { editorName, tellChange } from "./kb-changes.js";
import { say } from "./notice.js";

const ENDINGS = [".xlsx", ".csv", ".jsonl"];
const MORE = 200;
const SEVERITIES = { error: "错误", warning: "提醒" };

export class Files {
  constructor() {
    this.input = byId("import-file");
    this.drop = byId("import-drop");
    this.box = byId("import-result");
    this.input.addEventListener("change", () => this.#take(this.input.files));
    for (const type of ["dragover", "dragleave", "drop"]) this.drop.addEventListener(type, (event) => this.#dragged(event));
    // A file that misses its place would be opened by the browser instead of this page.
    for (const type of ["dragover", "drop"]) addEventListener(type, (event) => event.preventDefault());
    addEventListener("beforeunload", (event) => this.importing && event.preventDefault());
  }

  show() {}

  #dragged(event) {
    event.preventDefault();
    this.drop.dataset.over = String(event.type === "dragover");
    if (event.type === "drop") this.#take(event.dataTransfer.files);
  }

  #take(files) {
    const [file] = files;
    if (!file || this.busy) return;
    if (files.length > 1) this.#refuse("一次导入一个文件，请只选一个。");
    else if (!ENDINGS.some((ending) => file.name.toLowerCase().endsWith(ending))) this.#refuse(`“${file.name}”不是 .xlsx、.csv 或 .jsonl 文件；其他表格请先在 Excel 或 WPS 里另存为 .xlsx。`);
    else if (!file.size) this.#refuse(`“${file.name}”是空的。`);
    else this.#send(file, { dry_run: true });
    this.input.value = "";
  }

  #refuse(reason) {
    this.box.replaceChildren(h("p", { class: "verdict", role: "alert", data: { kind: "error" } }, reason));
  }

  /** Upload for a trial run, or for good. */
  async #send(file, options) {
    this.busy = true;
    this.importing = !options.dry_run;
    this.input.disabled = true;
    const bar = h("progress", { max: 1, value: 0, "aria-label": "上传" });
    const told = h("span", { role: "status" }, `正在上传“${file.name}”…`);
    this.box.replaceChildren(h("p", { class: "sending" }, bar, told));
    try {
      const answer = await upload("/api/knowledge/import", { name: file.name, ...options }, file, (part) => {
        bar.value = part;
        if (part < 1) return;
        bar.removeAttribute("value");
        told.textContent = options.dry_run ? "已上传，正在逐行检查…" : "已上传，正在导入…";
      });
      if (answer.written) this.#finished(file, answer);
      else this.#tried(file, answer);
    } catch (error) {
      this.#refuse(`“${file.name}”没有读成：${error.message}`);
    } finally {
      this.busy = this.importing = false;
      this.input.disabled = false;
    }
  }

  #tried(file, { rows, usable, problems }) {
    const errors = problems.filter(({ severity }) => severity === "error");
    const bad = new Set(errors.map(({ row }) => row)).size;
    const skip = h("input", { type: "checkbox", id: "import-skip", onchange: () => (go.disabled = !skip.checked) });
    const go = h("button", { type: "button", class: "primary", disabled: errors.length > 0, onclick: () => this.#import(file, skip.checked) }, `导入 ${usable} 条`);
    const verdict = errors.length
      ? `${bad} 行有错误，可导入 ${usable} 条。可以改好文件再选一次，或跳过有误的行。`
      : `全部 ${usable} 条可以导入${problems.length ? "；有几处提醒，请看一下" : ""}。`;
    this.box.replaceChildren(
      h("p", { class: "verdict", role: "status", data: { kind: errors.length ? "error" : "done" } },
        h("strong", {}, `试运行：“${file.name}”共 ${rows} 行。`), verdict, " 还没有写入。"),
      h("div", { class: "import-actions" },
        usable > 0 && go,
        usable > 0 && errors.length > 0 && h("label", { class: "check" }, skip, ` 跳过有误的 ${bad} 行`),
        h("button", { type: "button", class: "quiet", onclick: () => this.box.replaceChildren() }, "不导入")),
      problems.length ? table(problems) : "");
  }

  #import(file, skip) {
    const by = editorName();
    if (by) this.#send(file, { skip_errors: skip, by });
  }

  #finished(file, { written, problems }) {
    const skipped = new Set(problems.filter(({ severity }) => severity === "error").map(({ row }) => row)).size;
    const words = `新增 ${written.added} 条，更新 ${written.changed} 条，${written.unchanged} 条没有变化${skipped ? `，跳过 ${skipped} 行` : ""}。`;
    this.box.replaceChildren(h("p", { class: "verdict", role: "status", data: { kind: "done" } },
      h("strong", {}, `“${file.name}”已导入：`), words, "几秒后检索生效。"));
    tellChange();
    say("已导入，几秒后检索生效");
  }
}

function table(problems) {
  const body = h("tbody", {});
  const more = h("button", { type: "button" });
  const rest = h("p", { class: "empty" }, more);
  let shown = 0;
  const draw = () => {
    body.append(...problems.slice(shown, shown + MORE).map(row));
    shown = Math.min(shown + MORE, problems.length);
    more.textContent = `再显示一些（还有 ${problems.length - shown} 处）`;
    rest.hidden = shown === problems.length;
  };
  more.addEventListener("click", draw);
  draw();
  const errors = problems.filter(({ severity }) => severity === "error").length;
  const heading = [errors && `错误 ${errors} 处`, problems.length > errors && `提醒 ${problems.length - errors} 处`].filter(Boolean).join("，");
  return h("div", { class: "sheet problems" },
    h("table", {}, h("caption", {}, heading),
      h("thead", {}, h("tr", {}, ...["行", "列", "程度", "原因"].map((text) => h("th", { scope: "col" }, text)))), body), rest);
}

const row = ({ row: number, column, reason, severity }) =>
  h("tr", { data: { severity } },
    h("td", { class: "number" }, String(number)), h("td", {}, column || "整行"),
    h("td", {}, h("span", { class: "severity" }, SEVERITIES[severity] ?? severity)), h("td", { class: "reason" }, reason));
