// The till's page: put the pieces together, then find out who we are.

import { effect } from "@preact/signals";
import { render } from "preact";
import { allowSound } from "../sound.js";
import { App } from "./app.js";
import { html } from "./html.js";
import { listenToKeys } from "./keyboard.js";
import { retryNow } from "./payment.js";
import { keepWatch, onceReachable, start } from "./session.js";
import { keepSilences } from "./silence.js";
import { boot, stage, watchWidth } from "./state.js";

watchWidth();
listenToKeys();
keepWatch();
keepSilences();
onceReachable(retryNow);
document.addEventListener("pointerdown", allowSound, { once: true });
document.addEventListener("keydown", allowSound, { once: true });

effect(() => {
  if (!boot.value) return;
  const { station, venue } = boot.value;
  document.title = `${station.name} · ${venue.name}`;
  document.documentElement.dataset.accent = venue.accent;
});
// Somebody signed on: what could not be sent before goes out now, with the keys it always had.
effect(() => {
  if (stage.value === "open") queueMicrotask(retryNow);
});

render(html`<${App} />`, document.getElementById("till"));
start();
