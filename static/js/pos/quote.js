// The rate OSM is asked at. A quote lives some minutes; a fresh one is fetched before the old runs
// out, so that a finger never waits for it.

import { get, serverNow } from "../http.js";
import { osmUnitsFor } from "../money.js";
import { boot, quote } from "./state.js";

const AHEAD_MS = 30_000;
const AGAIN_MS = 15_000;
let timer = 0;

export async function loadQuote() {
  clearTimeout(timer);
  try {
    quote.value = await get("/api/pos/quote/");
    const left = Date.parse(quote.value.valid_until) - serverNow();
    timer = setTimeout(() => loadQuote().catch(() => {}), Math.max(AGAIN_MS, left - AHEAD_MS));
  } catch (error) {
    if (!quote.value || Date.parse(quote.value.valid_until) < serverNow()) quote.value = null;
    timer = setTimeout(() => loadQuote().catch(() => {}), AGAIN_MS);
    throw error;
  }
}

/** Why OSM cannot be offered just now, in the server's words; "" when it can. */
export function osmRefusal(otherwise) {
  if (boot.value?.training) return otherwise;
  const osm = boot.value?.osm;
  if (osm?.available && quote.value) return "";
  return osm?.reason || otherwise;
}

/** Units of OSM for `cents` at the quote in hand; null without one. */
export function unitsFor(cents) {
  const { rate_e10: rate, step_units: step } = quote.value ?? {};
  return rate ? osmUnitsFor(cents, rate, step) : null;
}
