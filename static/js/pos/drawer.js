// The drawer: what the server knows of it, and the deeds. Whoever counts sees no total that should be
// there; what was counted so far is kept by the server, so that a tablet may die meanwhile.

import { signal } from "@preact/signals";
import { get, post } from "../http.js";
import { uuid7 } from "../uuid7.js";
import { attemptOnce } from "./deeds.js";

const KEEP_AFTER_MS = 600;

/** GET /api/pos/drawer/: {denominations, shift, last}, or null until it is read. */
export const drawer = signal(null);

const keys = new Map();

/** One deed: the same key until it is answered. */
async function act(name, body = {}) {
  if (!keys.has(name)) keys.set(name, uuid7());
  const isDone = await attemptOnce(async () => {
    drawer.value = await post(`/api/pos/drawer/${name}/`, { key: keys.get(name), ...body });
  });
  if (isDone) keys.delete(name);
  return isDone;
}

export const readDrawer = () => attemptOnce(async () => {
  drawer.value = await get("/api/pos/drawer/");
});

export const begin = (count) => act("begin", { count });
export const close = (count, left_cents, note) => act("close", { count, left_cents, note });
export const move = (kind, amount_cents, reason) => act("cash", { kind, amount_cents, reason });
export const kick = (reason) => act("open", { reason });

let keeping = 0;

/** Keep what is counted, a moment after the last finger; silence is no harm, the next one says it again. */
export function keep(count) {
  clearTimeout(keeping);
  keeping = setTimeout(() => {
    post("/api/pos/drawer/count/", { count }).catch(() => {});
  }, KEEP_AFTER_MS);
}

export function giveUpCount() {
  clearTimeout(keeping);
  return attemptOnce(async () => {
    drawer.value = await post("/api/pos/drawer/count/give-up/");
  });
}

/** Nothing is kept any more: the count is being sent. */
export const stopKeeping = () => clearTimeout(keeping);

export const totalOf = (count) =>
  Object.entries(count).reduce((sum, [cents, pieces]) => sum + Number(cents) * pieces, 0);
