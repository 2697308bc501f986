// A booking that waits: count down, and show the page anew when its state has changed. Without this
// script the page reloads itself.

const LOOK_MS = 2000;
const LOOK_HIDDEN_MS = 15_000;

const article = () => document.querySelector(".booking");
const began = Date.now();

function tick() {
  const gone = Math.floor((Date.now() - began) / 1000);
  for (const slot of document.querySelectorAll("[data-seconds]")) {
    const left = Math.max(0, Number(slot.dataset.seconds) - gone);
    const [hours, minutes] = [Math.floor(left / 3600), Math.floor((left % 3600) / 60)];
    const pad = (value) => String(value).padStart(2, "0");
    slot.textContent = hours ? `${hours}:${pad(minutes)}:${pad(left % 60)}` : `${minutes}:${pad(left % 60)}`;
  }
}

async function look() {
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    if (answer.ok) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector(".booking");
      if (fresh && fresh.dataset.stamp !== article().dataset.stamp) {
        location.reload();
        return;
      }
    }
  } catch {
    // No network for a moment: the next look is soon.
  }
  plan();
}

let timer = 0;
function plan() {
  clearTimeout(timer);
  timer = setTimeout(look, document.hidden ? LOOK_HIDDEN_MS : LOOK_MS);
}

setInterval(tick, 1000);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) look();
});
plan();
