// What was given back of a sale, what still can be, and how much that is. The amounts follow the
// server's own rule (teraa/fiscal/reversing.py); it refuses a request that says otherwise.

import { signal } from "@preact/signals";
import { get } from "../http.js";

/** What the server says of the corrections of each sale, by the sale's key. */
export const corrections = signal(new Map());

export function learnCorrections(view) {
  corrections.value = new Map(corrections.value).set(view.sale, view);
}

export async function readCorrections(saleKey) {
  learnCorrections(await get(`/api/pos/sales/${saleKey}/refunds/`));
}

/** A name for one line of one ticket. */
export const nameOf = (line) => `${line.document} ${line.position}`;

/** Whole pieces of a line; null for what was weighed, which comes back whole. */
export const piecesOf = (line) =>
  line.quantity_milli % 1000 === 0 && line.divisible ? line.quantity_milli / 1000 : null;

/** The larger remainder gets the odd cent; at a tie, what comes back. */
function keptShare(discount, back, kept) {
  const whole = back + kept;
  const floor = Math.floor((discount * kept) / whole);
  const isOdd = floor + Math.floor((discount * back) / whole) < discount;
  return isOdd && (discount * kept) % whole > (discount * back) % whole ? floor + 1 : floor;
}

/** What was paid for `pieces` of a line, in cents; all of it for null. */
export function backCents(line, pieces) {
  const whole = line.quantity_milli / 1000;
  if (pieces === null || pieces === whole) return line.total_cents;
  const kept = whole - pieces;
  const discount = keptShare(line.discount_cents, pieces, kept);
  return line.total_cents - (line.unit_price_cents * kept - discount);
}

/** The chosen lines as the server wants them. `chosen` maps names to pieces, null for all. */
export function wantedLines(lines, chosen) {
  return lines.filter((line) => chosen.has(nameOf(line))).map((line) => {
    const pieces = chosen.get(nameOf(line));
    return {
      document: line.document,
      position: line.position,
      quantity_milli: pieces === null ? line.quantity_milli : pieces * 1000,
    };
  });
}

export const totalBack = (lines, chosen) => lines
  .filter((line) => chosen.has(nameOf(line)))
  .reduce((sum, line) => sum + backCents(line, chosen.get(nameOf(line))), 0);

/**
 * How `cents` go back by `kind`: as much as came that way, the rest by the other ways it came. A way
 * in which nothing came takes all of it, and needs a reason.
 */
export function tendersFor(kind, cents, held) {
  if (cents === 0) return [];
  const of = (one) => held.find((tender) => tender.kind === one)?.left_cents ?? 0;
  if (of(kind) === 0) return [{ kind, amount_cents: cents }];
  const tenders = [];
  let left = cents;
  for (const one of [kind, ...held.map((tender) => tender.kind).filter((other) => other !== kind)]) {
    const amount = Math.min(left, of(one));
    if (amount > 0) tenders.push({ kind: one, amount_cents: amount });
    left -= amount;
  }
  return tenders;
}

/** Whether it goes back in a way in which it did not come. */
export const isOtherWay = (tenders, held) =>
  tenders.some((one) => one.amount_cents > (held.find((tender) => tender.kind === one.kind)?.left_cents ?? 0));
