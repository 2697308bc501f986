// A held order: the time runs down on the screen, and the page shows the tickets once it is paid.

const EVERY_MS = 3000;
const held = document.querySelector("[data-order]");
const clock = held?.querySelector("[data-seconds]");
const until = performance.now() + Number(clock?.dataset.seconds ?? 0) * 1000;

function tick() {
  const left = Math.max(0, Math.ceil((until - performance.now()) / 1000));
  const seconds = String(left % 60).padStart(2, "0");
  clock.textContent = `${Math.floor(left / 60)}:${seconds}`;
}

async function look() {
  try {
    const answer = await fetch(held.dataset.order, {
      headers: { Accept: "application/json" },
      cache: "no-cache",
    });
    if (answer.ok && (await answer.json()).state !== held.dataset.state) location.reload();
  } catch {
    // Looked at again in a moment.
  }
}

if (held) {
  setInterval(tick, 1000);
  setInterval(look, EVERY_MS);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") look();
  });
}
