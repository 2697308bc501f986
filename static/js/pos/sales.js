// The sales this till has seen, newest version wins. Messages, polls and answers may come in any
// order and any number: a sale only ever moves forward.

import { batch, computed, signal } from "@preact/signals";
import { get } from "../http.js";
import { chime } from "../sound.js";
import { t } from "../words.js";
import { route } from "./routes.js";
import { announce, euros } from "./state.js";

const LAST = 20;

/** Whole sales by key. */
export const sales = signal(new Map());
/** The last sales in short, newest first: what the list and the strip show. */
export const recent = signal([]);
/** Keys of sales whose money came while nobody was looking at them. */
export const arrived = signal(new Set());

export const waiting = computed(() => recent.value.filter((sale) => sale.state === "waiting"));

/** The last OSM payment of a sale: the one the customer is looking at. */
export const osmTender = (sale) => sale.tenders.filter((tender) => tender.osm).at(-1) ?? null;

const osmStateOf = (sale) => ("tenders" in sale ? osmTender(sale)?.osm.state : sale.osm_state);

/** One word for where a sale stands: paid, cancelled, or what its OSM payment is doing. */
export function standing(sale) {
  if (sale.state !== "waiting") return sale.state;
  const state = osmStateOf(sale);
  if (state === "seen" || state === "accepted" || state === "confirming") return "seen";
  if (state === "expired") return "expired";
  if (state === "settled" || state === "cancelled" || !state) return "unpaid";
  return "open";
}

function inShort(sale) {
  return {
    key: sale.key,
    collection: sale.collection,
    state: sale.state,
    version: sale.version,
    number: sale.number,
    created_at: sale.created_at,
    total_cents: sale.total_cents,
    remaining_cents: sale.remaining_cents,
    operator: sale.operator,
    osm_state: osmTender(sale)?.osm.state ?? null,
    print_state: sale.print?.state ?? null,
    label: sale.lines.map((line) => line.label).join(", "),
  };
}

function noteChange(before, after) {
  if (!before || before.version === after.version) return;
  if (osmStateOf(after) === "accepted" && osmStateOf(before) !== "accepted") {
    announce(t("say.trusted", { amount: euros(after.total_cents) }));
    chime();
    return;
  }
  const [old, now] = [standing(before), standing(after)];
  if (old === now) return;
  if (now === "seen") announce(t("say.seen", { amount: euros(after.total_cents) }));
  if (now === "paid") {
    announce(t("say.paid", { amount: euros(after.total_cents) }));
    if (old === "open" || old === "seen" || old === "expired") chime();
    arrived.value = new Set(arrived.value).add(after.key);
  }
}

/** Take in one whole sale. Older versions are ignored. */
export function learn(sale) {
  const before = sales.value.get(sale.key);
  const inList = recent.value.find((one) => one.key === sale.key);
  const newest = Math.max(before?.version ?? -1, inList?.version ?? -1);
  if (sale.version < newest) return;
  batch(() => {
    sales.value = new Map(sales.value).set(sale.key, sale);
    const short = inShort(sale);
    if (inList) {
      recent.value = recent.value.map((one) => (one.key === sale.key ? { ...one, ...short } : one));
    } else {
      recent.value = [short, ...recent.value];
    }
    noteChange(before ?? inList, sale);
  });
}

/** Where the server has it: a sale of this till, or dues collected for other trades. */
export function pathOf(key) {
  const isCollection = sales.value.has(key)
    ? sales.value.get(key).collection
    : route.value.key === key && route.value.isCollection;
  return `/api/pos/${isCollection ? "collections" : "sales"}/${key}`;
}

const reading = new Map();

/** Read one sale again. Two who ask at once share one request. */
export function readSale(key) {
  if (!reading.has(key)) {
    reading.set(
      key,
      get(`${pathOf(key)}/`).then(learn).finally(() => reading.delete(key)),
    );
  }
  return reading.get(key);
}

/**
 * Read the last sales, then those of them that moved on since they were read whole; and any that
 * was waiting here but is no longer among the last.
 */
export async function readRecent() {
  const answer = await get(`/api/pos/sales/?last=${LAST}`);
  const listed = new Set(answer.sales.map((short) => short.key));
  const left = waiting.value.filter((short) => !listed.has(short.key)).map((short) => short.key);
  const moved = [];
  batch(() => {
    const known = new Map(recent.value.map((short) => [short.key, short]));
    const stillWaiting = recent.value.filter(
      (short) => !listed.has(short.key) && short.state === "waiting",
    );
    const merged = answer.sales.map((short) => {
      const old = known.get(short.key);
      if (old && old.version > short.version) return old;
      if (sales.value.has(short.key)) {
        if (sales.value.get(short.key).version < short.version) moved.push(short.key);
      } else {
        noteChange(old, short);
      }
      return short;
    });
    recent.value = [...merged, ...stillWaiting];
  });
  await Promise.all([...moved, ...left].map((key) => readSale(key)));
}

export function acknowledge(key) {
  if (!arrived.value.has(key)) return;
  const rest = new Set(arrived.value);
  rest.delete(key);
  arrived.value = rest;
}

export function forgetAll() {
  batch(() => {
    sales.value = new Map();
    recent.value = [];
    arrived.value = new Set();
  });
}
