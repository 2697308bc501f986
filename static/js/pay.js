// Paying from afar: look every second whether something came, show the page anew when it did, and
// lead on when it is paid. Without this script the page reloads itself.

const PAUSE_MS = 1000;
const PAUSE_HIDDEN_MS = 10_000;
const LEAD_ON_MS = 1500;

const sheet = () => document.querySelector(".pay");
let began = Date.now();

/** Count the seconds that are left, as the server knew them when it wrote the page. */
function tick() {
  const gone = Math.floor((Date.now() - began) / 1000);
  for (const slot of document.querySelectorAll("[data-seconds]")) {
    const left = Math.max(0, Number(slot.dataset.seconds) - gone);
    const [hours, minutes] = [Math.floor(left / 3600), Math.floor((left % 3600) / 60)];
    const pad = (value) => String(value).padStart(2, "0");
    slot.textContent = hours ? `${hours}:${pad(minutes)}:${pad(left % 60)}` : `${minutes}:${pad(left % 60)}`;
  }
}

async function show() {
  const answer = await fetch(location.href, { cache: "no-store" });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector(".pay");
  if (!fresh) return;
  sheet().replaceWith(fresh);
  began = Date.now();
  if (fresh.dataset.stage === "paid") {
    setTimeout(() => location.assign(fresh.dataset.back), LEAD_ON_MS);
  }
}

async function look() {
  try {
    const answer = await fetch(`${location.pathname}state/`, { cache: "no-store" });
    if (answer.ok) {
      const { stamp } = await answer.json();
      if (stamp !== sheet().dataset.stamp) await show();
    }
  } catch {
    // No network for a moment: the next look is soon.
  }
  plan();
}

let timer = 0;
function plan() {
  clearTimeout(timer);
  if (sheet().dataset.stage === "paid") return;
  timer = setTimeout(look, document.hidden ? PAUSE_HIDDEN_MS : PAUSE_MS);
}

setInterval(tick, 1000);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) look(); // back from the wallet
});
plan();
