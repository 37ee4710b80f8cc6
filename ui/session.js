/** Who is signed in: shown at the end of the bar of every page, with the way out. */

import { h } from "./dom.js";

/** To the sign-in, and back here afterwards. */
export function signIn() {
  location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
}

/** @returns {Promise<{name: string, display: string, role: string, role_name: string}|null>} */
async function load() {
  try {
    const answer = await fetch("/api/session");
    return answer.ok ? (await answer.json()).person : null;
  } catch {
    return null;
  }
}

function show(person) {
  const bar = document.querySelector(".bar");
  document.documentElement.dataset.role = person.role;
  // What is done is kept under the name of whoever is signed in.
  for (const element of bar.querySelectorAll(".by")) element.hidden = true;
  bar.append(
    h("span", { class: "signed-in", title: `${person.role_name}，用户名 ${person.name}` }, person.display),
    h("button", { type: "button", class: "quiet small", onclick: signOut }, "退出"));
}

load().then((person) => person && show(person));

async function signOut({ currentTarget: button }) {
  try {
    await fetch("/api/session", { method: "DELETE" });
    // Messages that are still waiting are nobody else's.
    sessionStorage.clear();
    location.assign("/sign-in");
  } catch {
    button.textContent = "没有退出，再试一次";
  }
}
