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

/** Put the work order into a window of its own and keep the conversation in this one. */
export function splitWindows() {
  const form = new URL(location.href);
  form.searchParams.set("panel", "form");
  const { availWidth, availHeight } = screen;
  const place = `popup,left=${availWidth},top=0,width=${availWidth},height=${availHeight}`;
  if (!window.open(form, `seat-form${location.pathname}`, place)) return false;
  showPanel("transcript");
  return true;
}

/** Reload this window with one panel, or with both (""). */
export function showPanel(panel) {
  const url = new URL(location.href);
  if (panel) url.searchParams.set("panel", panel);
  else url.searchParams.delete("panel");
  location.assign(url);
}
