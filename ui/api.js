/** Asking the server; what it answers that is wrong comes as an ApiError in words for editors. */

import { signIn } from "./session.js";

/** Fields of an article: the heading that the server names it by, in the order of the form. */
export const HEADINGS = {
  title: "标题", question: "问题", answer: "答复", department: "承办单位", category: "事项分类", caller_kind: "诉求人类型",
  valid_from: "生效日期", valid_to: "失效日期", similar_questions: "相似问法", keywords: "关键词", source: "来源",
};

export class ApiError extends Error {
  /**
   * @param {string} message one sentence for people
   * @param {{status?: number, problems?: {column: string, reason: string}[]}} more `problems`: what is wrong with each field
   */
  constructor(message, { status = 0, problems = [] } = {}) {
    super(message);
    this.status = status;
    this.problems = problems;
  }
}

export const articlePath = (id, rest = "") => `/api/articles/${encodeURIComponent(id)}${rest}`;

/**
 * @param {string} path
 * @param {{method?: string, query?: Record<string, unknown>, body?: object, signal?: AbortSignal}} options
 *   `query`: empty values are left out; `body` goes as JSON
 * @returns {Promise<any>} the answer's JSON, null where it has none; throws ApiError, or AbortError
 */
export async function ask(path, { method = "GET", query = {}, body, signal } = {}) {
  const headers = body ? { "Content-Type": "application/json" } : {};
  let answer;
  let text;
  try {
    answer = await fetch(address(path, query), { method, signal, headers, body: body && JSON.stringify(body) });
    text = await answer.text();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError("连不上服务器，请稍后再试。");
  }
  return read(answer.status, text);
}

/**
 * Send a file as the body of a POST.
 * @param {(part: number) => void} progress how much has been sent, 0..1
 */
export function upload(path, query, file, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", address(path, query));
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.addEventListener("progress", ({ loaded, total }) => progress(total ? loaded / total : 0));
    request.upload.addEventListener("load", () => progress(1));
    request.addEventListener("error", () => reject(new ApiError("上传没有成功，请检查网络后再试。")));
    request.addEventListener("load", () => {
      try {
        resolve(read(request.status, request.responseText));
      } catch (error) {
        reject(error);
      }
    });
    request.send(file);
  });
}

function address(path, query) {
  const given = Object.entries(query).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  return given.length ? `${path}?${new URLSearchParams(given)}` : path;
}

function read(status, text) {
  const told = parse(text);
  if (status === 401) signIn();
  if (status >= 200 && status < 300) return told;
  const detail = told?.detail;
  if (status === 422 && Array.isArray(detail)) {
    throw new ApiError("有内容需要改正，没有保存。", { status, problems: detail.map(problem) });
  }
  throw new ApiError(typeof detail === "string" ? detail : unexplained(status), { status });
}

function parse(text) {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

function unexplained(status) {
  if (status === 404) return "服务器上没有这一项，可能刚被删除。";
  return status >= 500 ? `服务器出错（${status}），请稍后再试；反复出现请告诉管理员。` : `服务器没有接受（${status}）。`;
}

/** The server's own rules name the column; those of the request's form name a field, in English. */
function problem(told) {
  if (told.reason !== undefined) return { column: told.column ?? "", reason: told.reason };
  const most = told.ctx?.max_length;
  const reasons = { string_too_long: `最多 ${most} 个字。`, too_long: `最多 ${most} 条。` };
  return { column: HEADINGS[told.loc?.[1]] ?? "", reason: reasons[told.type] ?? "填写的内容不符合要求。" };
}
