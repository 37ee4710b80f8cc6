/** The keyboard: every command has a key, and the keys explain themselves. */

import { byId, h } from "./dom.js";

const SINGLE_KEYS = "seat.single-keys";

const GUIDE = [
  ["F2", "到下一个待核对或有出入的字段"],
  ["Enter", "在字段中：采纳建议，保存所改，或保留有出入的原值"],
  ["Alt+Enter", "在有出入的字段中：采用又听到的值"],
  ["A", "采纳把握较大（85% 以上）的全部建议；在输入框中按 Alt+A"],
  ["Ctrl+Z", "撤销对工单的上一次改动"],
  ["Shift+Enter", "在多行字段中换行"],
  ["Ctrl+Enter", "提交并派单"],
  ["Ctrl+Shift+Enter", "直接答复办结，不派单"],
  ["Esc", "放弃所改、关闭答案、离开输入框"],
  ["/", "搜索知识库"],
  ["1 2 3", "打开第 1、2、3 条知识"],
  ["↑ ↓", "在知识条目之间移动"],
  ["C", "复制打开的答案；在输入框中按 Alt+C"],
  ["I", "把打开的答案作为答复填入工单；在输入框中按 Alt+I"],
  ["T", "部门电话和常用提示；在输入框中按 Alt+T"],
  ["Ctrl+F", "在通话中查找，Enter 下一处，Shift+Enter 上一处；再按 Ctrl+F 用浏览器的查找"],
  ["M", "标记焦点所在、刚找到或刚说完的一句，再按取消；在输入框中按 Alt+M"],
  ["N", "到下一句标记过的话；在输入框中按 Alt+N"],
  ["J", "并入最近一件同类工单，再按取消；在输入框中按 Alt+J"],
  ["End", "通话回到最新"],
  ["?", "这张表"],
];

const EDITABLE = "input, select, textarea, [contenteditable]";

/**
 * @param {{next: Function, acceptAll: Function, undo: Function, submit: Function, direct: Function, back: Function, search: Function, card: (n: number) => void,
 *   latest: Function, copy: Function, insert: Function, tips: Function, find: Function, flag: Function, nextFlag: Function, join: Function}} commands
 */
export function bindKeys(commands) {
  const help = byId("help");
  const single = byId("single-keys");
  byId("help-keys").replaceChildren(
    ...GUIDE.flatMap(([keys, meaning]) => [h("dt", {}, ...keys.split(" ").map((key) => h("kbd", {}, key))), h("dd", {}, meaning)]));
  byId("help-open").addEventListener("click", () => help.showModal());
  single.checked = localStorage.getItem(SINGLE_KEYS) !== "off";
  single.addEventListener("change", () => localStorage.setItem(SINGLE_KEYS, single.checked ? "on" : "off"));

  const plain = {
    "/": commands.search,
    "?": () => help.showModal(),
    "？": () => help.showModal(),
    1: () => commands.card(1),
    2: () => commands.card(2),
    3: () => commands.card(3),
  };

  /** Alone outside of inputs, with Alt anywhere. */
  const letters = { a: commands.acceptAll, c: commands.copy, i: commands.insert, t: commands.tips, m: commands.flag, n: commands.nextFlag, j: commands.join };

  addEventListener("keydown", (event) => {
    if (event.isComposing || event.defaultPrevented || help.open) return;
    const command = find(event);
    if (!command) return;
    event.preventDefault();
    command();
  });

  function find(event) {
    const { key, target } = event;
    const modified = event.ctrlKey || event.altKey || event.metaKey;
    if (key === "Enter" && event.ctrlKey) return event.repeat ? null : event.shiftKey ? commands.direct : commands.submit;
    // While something is being typed the browser undoes the typing.
    if (key.toLowerCase() === "z" && event.ctrlKey && !event.shiftKey && !event.altKey) return commands.undo(target);
    if (key.toLowerCase() === "f" && event.ctrlKey && !event.shiftKey && !event.altKey) return commands.find();
    const letter = event.altKey && !event.ctrlKey && !event.metaKey && /^Key([A-Z])$/.exec(event.code)?.[1].toLowerCase();
    if (letter) return event.repeat ? null : letters[letter];
    if (modified) return null;
    if (key === "F2") return commands.next;
    const editing = target.matches?.(EDITABLE);
    if (key === "Escape") return () => (editing && target.closest("#ticket")) || !commands.back() ? target.blur?.() : null;
    if (editing) return null;
    if (key === "End") return commands.latest;
    if ((key === "ArrowDown" || key === "ArrowUp") && target.matches?.(".card")) return () => step(target, key === "ArrowDown" ? 1 : -1);
    if (!single.checked) return null;
    // Words that are selected are about to be copied by themselves.
    const alone = event.repeat || (key.toLowerCase() === "c" && String(getSelection())) ? null : letters[key.toLowerCase()];
    return plain[key] ?? alone;
  }
}

function step(card, by) {
  const cards = [...card.closest("ol").querySelectorAll(".card")];
  cards[cards.indexOf(card) + by]?.focus();
}
