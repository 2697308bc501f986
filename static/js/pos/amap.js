// An AMAP's distribution at this till: which one, its baskets, and how they are kept fresh. Another
// till may hand out at the same time, so what is on the screen is read again every few seconds.

import { signal } from "@preact/signals";
import { get } from "../http.js";
import { t } from "../words.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { isMenuOpen } from "./menu-state.js";
import { go } from "./routes.js";
import { boot, may } from "./state.js";

const FRESH_MS = 4000;

/** Distributions one may hand out at, or null before they are read. */
export const near = signal(null);
/** Which of them is on the screen: today's unless another is chosen. */
export const chosen = signal(null);
/** Its baskets by number, or null before they are read. */
export const baskets = signal(null);

export async function readNear() {
  near.value = (await get("/api/amap/distributions/")).distributions;
  const known = near.value.some((one) => one.id === chosen.value);
  if (!known) chosen.value = (near.value.find((one) => one.is_today) ?? near.value[0])?.id ?? null;
}

export async function readBaskets() {
  const id = chosen.value;
  if (!id) {
    baskets.value = [];
    return;
  }
  const answer = await get(`/api/amap/distributions/${id}/baskets/`);
  if (chosen.value === id) baskets.value = answer.baskets;
}

/** What the server says of one basket now takes its place in the list. */
export function learnBasket(basket) {
  baskets.value = (baskets.value ?? []).map((one) => (one.id === basket.id ? basket : one));
}

/** Call `work` now and every few seconds; returns how to stop. */
export function keepFresh(work) {
  let timer = 0;
  let isOver = false;
  async function turn() {
    try {
      await work();
    } catch {
      // The till's own watch says when nobody answers; the next turn comes by itself.
    }
    if (!isOver) timer = setTimeout(turn, FRESH_MS);
  }
  turn();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}

const folded = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

/** Baskets whose number is typed, or one of whose names begins with every word typed. */
export function found(words) {
  const all = baskets.value ?? [];
  const parts = folded(words).split(/\s+/).filter(Boolean);
  if (!parts.length) return all;
  return all.filter((one) => {
    const names = folded(one.household).split(/[\s/'’-]+/);
    return parts.every((part) => (/^\d+$/.test(part)
      ? String(one.number) === part || one.phones.some((phone) => phone.endsWith(part))
      : names.some((name) => name.startsWith(part))));
  });
}

/** How money stands with a basket: tone, sign, and cents still to be taken. */
export function moneyOf(basket) {
  const { due } = basket;
  if (!due) return { kind: "none", tone: "quiet", sign: "check", cents: 0 };
  if (due.state === "settled") return { kind: "paid", tone: "ok", sign: "check", cents: 0 };
  if (due.remaining_cents === 0) {
    return { kind: "coming", tone: "waiting", sign: "eye", cents: due.pending_cents };
  }
  return { kind: "owed", tone: "attention", sign: "warning", cents: due.remaining_cents };
}

/** The way in: shown when a distribution is today's, or one was chosen. */
export function FarmItem() {
  if (!may("hand_out") || !(boot.value.distributions?.length || chosen.value)) return null;
  return html`<button type="button" class="menu-item" data-act="baskets"
    onClick=${() => { isMenuOpen.value = false; go("baskets"); }}>
    <${Icon} name="basket" />${t("amap.title")}</button>`;
}
