// The cart: purely here, so that a tap is painted before any server could answer. Kept in the tab's
// store at every change; a reload finds it again.

import { computed, effect, signal } from "@preact/signals";
import { tabStore } from "../storage.js";
import { t } from "../words.js";
import { products } from "./catalogue.js";
import { offerUndo } from "./undo.js";

const KEPT = "teraa.till.cart";
const kept = tabStore.read(KEPT, {});

/** [{product, quantity}] in the order they were first asked for. */
export const lines = signal(kept.lines ?? []);
/** on_site | takeaway: decides the VAT, not the price. */
export const serving = signal(kept.serving ?? "on_site");
/** none | paper: paper only when somebody asked. Null means the venue's habit. */
export const receipt = signal(kept.receipt ?? null);
/** The line touched last, for the eye and for the keyboard. */
export const touched = signal(null);

effect(() => {
  tabStore.write(KEPT, { lines: lines.value, serving: serving.value, receipt: receipt.value });
});

export const counts = computed(
  () => new Map(lines.value.map((line) => [line.product, line.quantity])),
);

/** The lines with their names and prices of the catalogue in use. */
export const entries = computed(() =>
  lines.value.flatMap((line) => {
    const product = products.value.get(line.product);
    if (!product) return [];
    return [{ ...line, label: product.label, unit_cents: product.price_cents,
      total_cents: product.price_cents * line.quantity, colour: product.colour }];
  }),
);

export const totalCents = computed(() =>
  entries.value.reduce((sum, entry) => sum + entry.total_cents, 0),
);
export const pieces = computed(() =>
  entries.value.reduce((sum, entry) => sum + entry.quantity, 0),
);

const MOST = 999;

export function add(product) {
  const there = counts.value.get(product) ?? 0;
  if (there >= MOST) return;
  lines.value = there
    ? lines.value.map((line) =>
        line.product === product ? { product, quantity: there + 1 } : line)
    : [...lines.value, { product, quantity: 1 }];
  touched.value = product;
}

export function takeOne(product) {
  const there = counts.value.get(product) ?? 0;
  if (there <= 1) {
    remove(product);
    return;
  }
  lines.value = lines.value.map((line) =>
    line.product === product ? { product, quantity: there - 1 } : line);
  touched.value = product;
}

export function remove(product) {
  const before = lines.value;
  const label = products.value.get(product)?.label ?? "";
  lines.value = before.filter((line) => line.product !== product);
  if (lines.value.length === before.length) return;
  offerUndo({ text: t("undo.line", { label }), undo: () => restore(before) });
}

export function clear() {
  const before = lines.value;
  if (!before.length) return;
  lines.value = [];
  offerUndo({ text: t("undo.cart"), undo: () => restore(before) });
}

function restore(before) {
  // What was rung up since then stays: only what is missing comes back.
  const now = new Map(lines.value.map((line) => [line.product, line]));
  const back = before.map((line) => now.get(line.product) ?? line);
  const fresh = lines.value.filter((line) => !before.some((old) => old.product === line.product));
  lines.value = [...back, ...fresh];
}

/** The sale took it over: an empty cart, and the habits of the venue again. */
export function startAnew() {
  lines.value = [];
  receipt.value = null;
  serving.value = "on_site";
  touched.value = null;
}

/** After a new catalogue: drop what is no longer sold. Returns how many lines went. */
export function dropUnknown() {
  const known = lines.value.filter((line) => products.value.get(line.product)?.available);
  const gone = lines.value.length - known.length;
  if (gone) lines.value = known;
  return gone;
}
