// Undo instead of "are you sure": the deed is done at once, and can be taken back for some seconds.

import { signal } from "@preact/signals";

const OPEN_MS = 6000;

/** {id, text, undo, commit} while something can be taken back. */
export const offer = signal(null);
let timer = 0;
let count = 0;

function close(callback) {
  clearTimeout(timer);
  offer.value = null;
  callback?.();
}

/**
 * Offer to take back what `text` names. `commit`, when given, is what really happens once the offer
 * has run out (for a deed the server could not undo).
 */
export function offerUndo({ text, undo, commit }) {
  if (offer.value) close(offer.value.commit);
  count += 1;
  offer.value = { id: count, text, undo, commit };
  timer = setTimeout(() => close(commit), OPEN_MS);
}

export function takeBack() {
  if (offer.value) close(offer.value.undo);
}

export function letGo() {
  if (offer.value) close(offer.value.commit);
}
