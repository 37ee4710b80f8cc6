/** Signing in, and on to the page that was asked for. */

import { byId } from "./dom.js";

const form = byId("sign-in");
const problem = byId("problem");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  problem.hidden = true;
  try {
    const answer = await fetch("/api/session", {
      method: "POST", headers: { "Content-Type": "application/json" },
      body: JSON.stringify(Object.fromEntries(new FormData(form))),
    });
    const told = await answer.json();
    if (answer.ok) return location.replace(destination(told));
    say(typeof told.detail === "string" ? told.detail : "请填写用户名和密码。");
  } catch {
    say("连不上服务器，请稍后再试。");
  } finally {
    button.disabled = false;
  }
  byId("password").select();
  return undefined;
});

function say(text) {
  problem.textContent = text;
  problem.hidden = false;
}

/** Only a page of this server: an address of another could be put into the link. */
function destination({ role, desk }) {
  const next = new URLSearchParams(location.search).get("next") ?? "";
  const there = URL.canParse(next, location.origin) ? new URL(next, location.origin) : new URL("/", location.origin);
  if (next && there.origin === location.origin && there.pathname !== "/") return there.href;
  if (role === "department") return "/orders";
  return role === "agent" && desk ? `/desk/${encodeURIComponent(desk)}` : "/";
}
