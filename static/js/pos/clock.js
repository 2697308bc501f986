// A clock that ticks for whoever looks at it: one timer for all, none when nobody looks.

import { computed, signal } from "@preact/signals";
import { serverNow } from "../http.js";
import { hour } from "./state.js";

let timer = 0;

/** Milliseconds of the server's clock, about once a second while somebody reads it. */
export const now = signal(serverNow(), {
  watched() {
    queueMicrotask(() => {
      now.value = serverNow();
    });
    timer = setInterval(() => {
      now.value = serverNow();
    }, 1000);
  },
  unwatched() {
    clearInterval(timer);
  },
});

/** "14:32" in the venue's zone. */
export const hours = computed(() => hour(now.value));

/** Whole seconds until `instant` (ms), never negative. */
export const secondsUntil = (instant) => Math.max(0, Math.ceil((instant - now.value) / 1000));

/** 272 → "4:32". */
export const minutes = (seconds) =>
  `${(seconds - (seconds % 60)) / 60}:${String(seconds % 60).padStart(2, "0")}`;
