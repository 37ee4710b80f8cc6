/** What the server's codes are called, and whether an article holds today. */

import { ask } from "./api.js";

export const ACTIONS = { pack: "城市包原文", import: "导入", edit: "修改", delete: "删除", restore: "恢复" };
export const CALLER_KINDS = [["", "未填"], ["个人", "个人"], ["企业", "企业"], ["不限", "不限"]];

/** Choices as {value, display, initials}: departments, categories (leaves), tops (of categories), districts. */
export const choices = { departments: [], categories: [], tops: [], districts: [] };
const departments = new Map();
const categories = new Map();

export async function loadNames() {
  const fields = await ask("/api/fields");
  const of = (name) => fields.find((field) => field.name === name)?.choices ?? [];
  choices.departments = of("department");
  choices.categories = of("category");
  for (const { value, display } of choices.departments) departments.set(value, display);
  for (const { value, display } of choices.categories) categories.set(value, display);
  const tops = new Map(choices.categories.map(({ value, display, initials }) => [value.split(".")[0], [display.split(" · ")[0], initials]]));
  choices.tops = [...tops].map(([value, [name, initials]]) =>
    ({ value, display: `${name}（全部）`, initials: initials.split(/[ ,]/).slice(0, name.length).join(" ") }));
  // The form has no list of districts; each has a government among the departments.
  choices.districts = choices.departments.flatMap(({ display }) => /^(.+[区县市旗])人民政府$/.exec(display)?.[1] ?? []);
}

export const departmentName = (code) => departments.get(code) ?? code;
export const categoryName = (code) => categories.get(code) ?? code;

/** The day here, as YYYY-MM-DD, so many days from now. */
export function today(days = 0) {
  const day = new Date();
  day.setDate(day.getDate() + days);
  return [day.getFullYear(), day.getMonth() + 1, day.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}

/** @returns {{state: "valid"|"expired"|"future", text: string}} */
export function validity({ valid_from: from, valid_to: to }) {
  if (to && to < today()) return { state: "expired", text: `${to} 已失效` };
  if (from && from > today()) return { state: "future", text: `${from} 起生效` };
  return { state: "valid", text: to ? `有效至 ${to}` : "长期有效" };
}
