/**
 * Places within the page, in the address after #: "#articles/kb-0001?state=all". Going back works, and nobody leaves a
 * place that still holds unsaved text without having been asked.
 */

/** @typedef {{place: string, id: string, query: URLSearchParams}} Route */

/** Answers whether the place may be left; set by whoever holds unsaved text, null otherwise. */
let guard = null;
let number = history.state?.number ?? 0;
let comingBack = false;
let render = () => {};

/** @param {(route: Route) => void} show called for every place that is gone to */
export function start(show) {
  render = show;
  history.replaceState({ number }, "");
  addEventListener("hashchange", arrive);
  addEventListener("beforeunload", (event) => guard && event.preventDefault());
  show(route());
}

/** @returns {Route} */
export function route() {
  const [path, query = ""] = location.hash.slice(1).split("?");
  const [place, id = ""] = path.split("/").map(decoded);
  return { place, id, query: new URLSearchParams(query) };
}

export function hash(place, id = "", query = {}) {
  const given = Object.entries(query).filter(([, value]) => value);
  return `#${place}${id && `/${encodeURIComponent(id)}`}${given.length ? `?${new URLSearchParams(given)}` : ""}`;
}

export function go(place, id, query) {
  location.hash = hash(place, id, query);
}

/** Note in the address what is shown, without going anywhere. */
export function note(address) {
  history.replaceState({ number }, "", address);
}

/** @param {null|(() => Promise<boolean>)} mayLeave asked before the place is left; null: nothing to lose */
export function guardLeaving(mayLeave) {
  guard = mayLeave;
}

/** The browser has gone already: a place that must not be left is gone back to, while its editor is asked. */
async function arrive() {
  const arrived = history.state?.number ?? number + 1;
  if (history.state?.number === undefined) history.replaceState({ number: arrived }, "");
  if (comingBack) {
    comingBack = false;
    return;
  }
  if (!guard) {
    number = arrived;
    render(route());
    return;
  }
  const steps = arrived - number;
  comingBack = true;
  history.go(-steps);
  if (!(await guard())) return;
  guard = null;
  history.go(steps);
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
