/** The tab of the articles: the list, and beside it the article that is read or edited. */

import { byId, h } from "./dom.js";
import { articlePath, ask } from "./api.js";
import { articleView } from "./kb-article.js";
import { editorName, remove, restore, review, save, written } from "./kb-changes.js";
import { Editor } from "./kb-editor.js";
import { ArticleList } from "./kb-list.js";
import { agree, failed, hush, loading, say, sayError } from "./notice.js";
import { go, guardLeaving, hash, note, route } from "./kb-router.js";
import { showVersions } from "./kb-versions.js";
import { moment } from "./times.js";

const SAVED = "已保存，几秒后检索生效";

export class Articles {
  constructor() {
    this.pane = byId("kb-pane");
    this.list = new ArticleList(() => this.#noteFilters());
    this.editor = null;
  }

  /** @param {import("./kb-router.js").Route} to a place "articles", "edit" or "new" */
  show({ place, id, query }) {
    this.editor = null;
    guardLeaving(null);
    this.list.show(place === "articles" ? query : new URLSearchParams(), place === "new" ? "" : id);
    if (place === "articles") this.#noteFilters();
    if (place === "new") this.#edit({ question: query.get("question") ?? "" });
    else if (id) this.#open(id, place === "edit");
    else this.#empty();
  }

  focusSearch() {
    this.list.focusSearch();
  }

  /** Esc: leave the form, or close the article. */
  back() {
    const { place, id } = route();
    if (place === "new") go("articles");
    else if (place === "edit") go("articles", id);
    else if (id) {
      go("articles");
      this.list.focusRow(id);
    }
  }

  save() {
    return this.editor && this.#save();
  }

  /** Filters go into the address, so that they outlive a reload; the tab leads back to them. */
  #noteFilters() {
    const { place, id } = route();
    if (place === "articles" || !place) note(hash("articles", id, this.list.filters));
    byId("tab-articles").href = hash("articles", "", this.list.filters);
  }

  #empty() {
    this.pane.replaceChildren(h("p", { class: "empty pane-empty" }, "在左边选一个条目，这里显示全文；也可以新建条目。"));
  }

  async #open(id, edit) {
    const showing = this.pane.querySelector(".article")?.dataset.article === id;
    if (!showing) this.pane.replaceChildren(loading());
    try {
      const article = await this.#read(id);
      if (route().id !== id) return;
      if (edit) this.#edit(article);
      else this.#view(article);
    } catch (error) {
      if (route().id === id) this.pane.replaceChildren(failed(error, () => this.#open(id, edit)));
    }
  }

  async #read(id) {
    try {
      return await ask(articlePath(id));
    } catch (error) {
      if (error.status === 404 && written.has(id)) return { ...written.get(id), version: 1 };
      throw error;
    }
  }

  #view(article) {
    this.pane.replaceChildren(...articleView(article, {
      marks: this.#marks(article),
      review: () => this.#review(article),
      remove: () => this.#remove(article),
      versions: () => this.#versions(article),
      close: () => this.back(),
    }));
    if (document.activeElement === document.body) this.pane.querySelector("h2").focus();
  }

  /** The words that a search found it by; they hold for the text that was searched, not for one that was changed since. */
  #marks({ id, title, answer }) {
    const listed = this.list.found?.articles.find((article) => article.id === id);
    return listed?.title === title && listed?.answer === answer ? listed.marks : undefined;
  }

  #edit(article) {
    const editor = new Editor(article, { save: () => this.#save(), cancel: () => this.back(), changed: () => this.#typed() });
    this.editor = editor;
    this.pane.replaceChildren(editor.form);
    editor.inputs.title.element.focus();
    this.#typed();
  }

  #typed() {
    const { editor } = this;
    if (!editor) return; // a field that goes with its form tells a last change
    editor.tellDirty();
    guardLeaving(editor.dirty ? () => agree("有未保存的修改", "离开这个条目，刚才写的内容就没有了。", { yes: "放弃修改", no: "继续编辑", danger: true }) : null);
  }

  async #save() {
    const { editor } = this;
    hush();
    const wrong = editor.check();
    editor.show(wrong);
    const by = !wrong.length && editorName();
    if (!by || editor.button.disabled) return;
    editor.busy(true);
    try {
      if (!(await this.#stillNewest(editor))) return;
      const article = await save(editor.id, editor.read(), by);
      if (this.editor === editor) {
        guardLeaving(null);
        this.editor = null;
        go("articles", article.id);
      }
      say(SAVED);
    } catch (error) {
      if (error.problems?.length) editor.show(error.problems);
      else sayError(error);
    } finally {
      editor.busy(false);
    }
  }

  /** Somebody may have changed it while it was open here; then the editor decides. */
  async #stillNewest({ id, version }) {
    if (!id) return true;
    const now = await ask(articlePath(id)).catch((error) => {
      if (error.status === 404) return null;
      throw error;
    });
    if (!now || now.version === version) return true;
    const who = `${now.changed_by || "别人"} 在 ${moment(now.changed_at)} 存了第 ${now.version} 版。您的修改会成为新的一版，对方的仍在“版本”里。`;
    return agree("这个条目刚被改过", who, { yes: "仍然保存", no: "先不保存" });
  }

  async #review({ id }) {
    const by = editorName();
    if (!by) return;
    try {
      await review(id, by);
      say("已记下：今天复核，仍然有效");
      if (route().id === id) await this.#open(id, false);
    } catch (error) {
      sayError(error);
    }
  }

  async #remove({ id, title }) {
    const by = editorName();
    if (!by || !(await agree("删除这个条目？", `《${title}》将不再被检索到；各个版本会留着，可以恢复。`, { yes: "删除", danger: true }))) return;
    try {
      const undone = await this.#removed(id, by);
      if (route().id === id) go("articles");
      say("已删除，几秒后检索生效", { action: ["撤销删除", undone] });
    } catch (error) {
      sayError(error);
    }
  }

  /** Delete; returns what takes it back. */
  async #removed(id, by) {
    await remove(id, by);
    return async () => {
      try {
        const [newest] = await ask(articlePath(id, "/versions"));
        await restore(id, newest.version, by);
        say("已恢复，几秒后检索生效");
        go("articles", id);
      } catch (error) {
        sayError(error);
      }
    };
  }

  #versions(article) {
    const box = this.pane.querySelector(".versions");
    const button = this.pane.querySelector('[data-action="versions"]');
    box.hidden = !box.hidden;
    button.setAttribute("aria-expanded", String(!box.hidden));
    if (box.hidden) return;
    showVersions(box, article.id, (version) => this.#restore(article, version));
    box.scrollIntoView({ block: "nearest" });
  }

  async #restore({ id }, version) {
    const by = editorName();
    if (!by || !(await agree(`恢复第 ${version} 版？`, "它会成为新的一版，现在的内容仍在“版本”里。", { yes: "恢复" }))) return;
    try {
      await restore(id, version, by);
      say("已恢复，几秒后检索生效");
      if (route().id === id) await this.#open(id, false);
    } catch (error) {
      sayError(error);
    }
  }
}
