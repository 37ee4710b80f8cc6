/** The windows that show one call (one per monitor) tell each other what the agent points at. */

const CHANNEL = "seat-windows";

/**
 * @param {(message: {kind: string, call: string}) => void} receive messages from the other windows and from this one
 * @returns {(message: object) => void} tell all windows
 */
export function linkWindows(receive) {
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = ({ data }) => receive(data);
  return (message) => {
    receive(message);
    channel.postMessage(message);
  };
}

/**
 * Put the work order into a window of its own, on the other monitor where there is one, and keep the conversation in
 * this one. False where the browser lets no window open.
 */
export async function splitWindows() {
  const form = new URL(location.href);
  form.searchParams.set("panel", "form");
  const { availLeft, availTop, availWidth, availHeight } = await otherScreen();
  const place = `popup,left=${availLeft},top=${availTop},width=${availWidth},height=${availHeight}`;
  if (!window.open(form, `seat-form${location.pathname}`, place)) return false;
  showPanel("transcript");
  return true;
}

/** Where the browser tells no monitors (it does over HTTPS, and once she has agreed), one to the right is as good a guess. */
async function otherScreen() {
  const { availWidth, availHeight } = screen;
  const right = { availLeft: availWidth, availTop: 0, availWidth, availHeight };
  try {
    const { screens, currentScreen } = await window.getScreenDetails();
    return screens.find((each) => each !== currentScreen) ?? currentScreen;
  } catch {
    return right;
  }
}

/** Reload this window with one panel, or with both (""). */
export function showPanel(panel) {
  const url = new URL(location.href);
  if (panel) url.searchParams.set("panel", panel);
  else url.searchParams.delete("panel");
  location.assign(url);
}
