// What other trades are owed (a room, a ticket, a basket), chosen here to be paid at this till. Each
// payee is paid apart: the money goes straight to whom it is owed.

import { computed, effect, signal } from "@preact/signals";
import { get } from "../http.js";
import { tabStore } from "../storage.js";

const CHOSEN = "teraa.till.collect";

/** Dues that answer the search, or null before the first. */
export const found = signal(null);
/** What the house has to give back, by id, as far as a search has met it. */
export const payouts = signal(new Map());
/** Those that answer the search. */
export const foundBack = signal([]);
/** Dues to be paid now, oldest choice first. */
export const chosen = signal(tabStore.read(CHOSEN, []));

effect(() => tabStore.write(CHOSEN, chosen.value.length ? chosen.value : null));

/** One group a payee: {payee, dues, cents}. The first is paid first. */
export const groups = computed(() => {
  const byPayee = new Map();
  for (const due of chosen.value) {
    const group = byPayee.get(due.payee.id) ?? { payee: due.payee, dues: [], cents: 0 };
    group.dues.push(due);
    group.cents += due.left_cents;
    byPayee.set(due.payee.id, group);
  }
  return [...byPayee.values()];
});
export const groupNow = computed(() => groups.value[0] ?? null);

export const isChosen = (due) => chosen.value.some((one) => one.id === due.id);
export const isOwed = (due) => due.left_cents > 0 && due.state !== "cancelled";

export function choose(due) {
  if (isOwed(due) && !isChosen(due)) chosen.value = [...chosen.value, due];
}

export function drop(dues) {
  const gone = new Set(dues.map((due) => due.id));
  chosen.value = chosen.value.filter((due) => !gone.has(due.id));
}

/** Pay this payee first. */
export function bringForward(payee) {
  const isTheirs = (due) => due.payee.id === payee.id;
  chosen.value = [
    ...chosen.value.filter(isTheirs),
    ...chosen.value.filter((due) => !isTheirs(due)),
  ];
}

export function learnPayout(payout) {
  payouts.value = new Map(payouts.value).set(payout.id, payout);
}

let asked = 0;

/** Look for dues; only the answer to the newest question counts. */
export async function search(text) {
  asked += 1;
  const mine = asked;
  const { dues, payouts: back } = await get(`/api/pos/dues/?q=${encodeURIComponent(text.trim())}`);
  if (mine !== asked) return null;
  found.value = dues;
  foundBack.value = back;
  back.forEach(learnPayout);
  return dues;
}

// -- what was sent ------------------------------------------------------------------------------

/** Dues by the collection they were sent in, to have them back when it is given up. */
const sent = new Map();

export function noteSent(key, dues) {
  sent.set(key, dues);
  drop(dues);
}

export function takeBackSent(key) {
  for (const due of sent.get(key) ?? []) choose(due);
  sent.delete(key);
}
