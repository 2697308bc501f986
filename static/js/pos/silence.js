// For how long nobody answered, told once somebody does: the venue's journal keeps such times. Kept
// beside the page too, which may be opened again before anybody answers.

import { effect } from "@preact/signals";
import { NoAnswer, post } from "../http.js";
import { deviceStore } from "../storage.js";
import { uuid7 } from "../uuid7.js";
import { reachable, stage } from "./state.js";

const WORTH_TELLING_MS = 60_000;
const KEPT = "teraa.silence"; // {since}, then {key, seconds} until it is told

async function tell(silence) {
  try {
    await post("/api/till/silence/", silence);
  } catch (error) {
    if (error instanceof NoAnswer) return; // told when somebody answers again
    // Refused: told once more, it would be refused again.
  }
  deviceStore.write(KEPT, null);
}

function isOver() {
  const silence = deviceStore.read(KEPT);
  if (!silence) return;
  if (silence.key) {
    tell(silence);
    return;
  }
  const lastedMs = Date.now() - silence.since;
  if (lastedMs >= WORTH_TELLING_MS) {
    const told = { key: uuid7(), seconds: Math.round(lastedMs / 1000) };
    deviceStore.write(KEPT, told);
    tell(told);
  } else {
    deviceStore.write(KEPT, null);
  }
}

export function keepSilences() {
  effect(() => {
    if (!reachable.value || stage.value === "unreachable") {
      if (!deviceStore.read(KEPT)) deviceStore.write(KEPT, { since: Date.now() });
    } else if (stage.value === "open") {
      isOver();
    }
  });
}
