// The live line: a websocket whose messages only ever mean "look again". It may die at any moment at
// no cost: whoever listens polls while it is down, and reads everything again when it is back.

const SILENCE_MS = 20_000; // the server pings every 15 s
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;

/**
 * Keep a line to `url` open. `onHint({topic, key, version})` for one thing that changed;
 * `onLook()` when anything may have changed; `onState(isUp)` when the line comes or goes.
 * Returns {stop}.
 */
export function listen({ url, onHint, onLook, onState }) {
  let socket = null;
  let failures = 0;
  let timer = 0;
  let watchdog = 0;
  let stopped = false;

  function alive() {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => drop(), SILENCE_MS);
  }

  function drop() {
    clearTimeout(watchdog);
    if (socket) {
      const old = socket;
      socket = null;
      old.onopen = old.onmessage = old.onclose = old.onerror = null;
      old.close();
      onState(false);
    }
    if (stopped) return;
    clearTimeout(timer);
    const ceiling = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures);
    failures += 1;
    // Jitter, so that twenty tills do not come back in the same instant.
    timer = setTimeout(open, ceiling / 2 + Math.random() * (ceiling / 2));
  }

  function open() {
    clearTimeout(timer);
    if (stopped || socket) return;
    try {
      socket = new WebSocket(url);
    } catch {
      drop();
      return;
    }
    alive();
    socket.onopen = () => {
      failures = 0;
      alive();
      onState(true);
      onLook();
    };
    socket.onmessage = (event) => {
      alive();
      let message;
      try {
        message = JSON.parse(event.data);
      } catch {
        return;
      }
      if (message.type === "changed") onHint(message);
      else if (message.type === "look_again") onLook();
    };
    socket.onclose = socket.onerror = () => drop();
  }

  function wake() {
    if (document.visibilityState === "hidden") return;
    onLook();
    if (!socket) {
      failures = 0;
      open();
    }
  }

  window.addEventListener("online", wake);
  window.addEventListener("pageshow", wake);
  document.addEventListener("visibilitychange", wake);
  open();

  return {
    stop() {
      stopped = true;
      window.removeEventListener("online", wake);
      window.removeEventListener("pageshow", wake);
      document.removeEventListener("visibilitychange", wake);
      clearTimeout(timer);
      drop();
    },
  };
}
