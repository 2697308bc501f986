// Paying: from a choice on the screen to a sale the server has stored. Whatever is sent carries keys
// made here and is kept on the device until an answer comes, so silence is met by sending the very
// same thing again: never a second sale, never a lost one.

import { computed, effect, signal } from "@preact/signals";
import { NoAnswer, post } from "../http.js";
import { deviceStore, tabStore } from "../storage.js";
import { uuid7 } from "../uuid7.js";
import { t } from "../words.js";
import * as cart from "./cart.js";
import { dropUnknown } from "./cart.js";
import { load as loadCatalogue } from "./catalogue.js";
import { groupNow, noteSent } from "./collect.js";
import { loadQuote } from "./quote.js";
import { addressOf, COLLECT, go, placeOf } from "./routes.js";
import { learn, sales } from "./sales.js";
import { lost, shiftNow } from "./session.js";
import { announce, boot, catalogue, euros, notice, quote, reachable } from "./state.js";
import { letGo } from "./undo.js";

const UNSENT = "teraa.till.unsent";
const PARTS = "teraa.till.parts";
const LONGEST_WAIT_MS = 8000;

/** What has left for the server without an answer yet, or null: {path, body, target, kind, …}. */
export const unsent = signal(deviceStore.read(UNSENT));
/** How many times in a row it met silence. */
export const silences = signal(0);
/** Parts of the cart already paid (cash, card) while the rest is still being settled. */
export const parts = signal(tabStore.read(PARTS, []));
/** What the customer pays now, when that is less than all of it. */
export const share = signal(null);

effect(() => deviceStore.write(UNSENT, unsent.value));
effect(() => tabStore.write(PARTS, parts.value.length ? parts.value : null));

const partsCents = computed(() =>
  parts.value.reduce((sum, part) => sum + part.amount_cents, 0),
);

/** The key of an order just kept so that its bill can be printed, or null. */
export const billWanted = signal(null);

/** The cart may change until a part of it has been paid or all of it has left. */
export const isOpen = computed(() => !parts.value.length && unsent.value?.target !== "cart");

/** What is left to pay, in cents: of one sale, of the cart, or to the payee that is collected for. */
export function restOf(saleKey) {
  if (saleKey === COLLECT) return groupNow.value?.cents ?? 0;
  if (saleKey) return sales.value.get(saleKey)?.remaining_cents ?? 0;
  return cart.totalCents.value - partsCents.value;
}

/** What is being paid now: all that is left, or the share that was chosen. */
export function nowDue(saleKey) {
  const rest = restOf(saleKey);
  return share.value === null ? rest : Math.min(share.value, rest);
}

/** The paper the customer asked for, or the habit of the venue. */
export const wantsPaper = computed(
  () => (cart.receipt.value ?? boot.value?.receipt_default ?? "none") === "paper",
);

/**
 * Pay what is due now by `kind` (cash, card, osm): the cart, or what is left of the sale `saleKey`.
 * `received_cents` for cash, `authorisation` for a card, when known.
 */
export function pay(kind, saleKey = null, { received_cents, authorisation } = {}) {
  const amount_cents = nowDue(saleKey);
  if (unsent.value || (amount_cents <= 0 && kind === "osm") || amount_cents < 0) return;
  const tender = { key: uuid7(), kind, amount_cents };
  if (kind === "cash") tender.received_cents = received_cents ?? amount_cents;
  if (kind === "card" && authorisation) tender.authorisation = authorisation;
  if (kind === "osm") tender.quote = quote.value.id;
  notice.value = null;
  share.value = null;
  if (saleKey === COLLECT) {
    collect(tender);
    return;
  }
  if (saleKey) {
    send({ path: `/api/pos/sales/${saleKey}/tenders/`, body: tender, target: saleKey, tender });
    return;
  }
  const tenders = [...parts.value, tender];
  const paid = partsCents.value + amount_cents;
  if (kind !== "osm" && paid < cart.totalCents.value) {
    parts.value = tenders;
    go("split");
    return;
  }
  const body = {
    key: uuid7(),
    catalogue_version: catalogue.value.version,
    serving: cart.serving.value,
    receipt: wantsPaper.value ? "paper" : "none",
    lines: cart.lines.value,
    total_cents: cart.totalCents.value,
    tenders,
  };
  send({ path: "/api/pos/sales/", body, target: "cart", tender });
}

/** Keep the cart on the server as it stands, for its bill: paid later, or given up with a trace. */
export function keepForBill() {
  if (unsent.value || parts.value.length || cart.totalCents.value <= 0) return;
  notice.value = null;
  share.value = null;
  const amount_cents = cart.totalCents.value;
  const body = {
    key: uuid7(),
    catalogue_version: catalogue.value.version,
    serving: cart.serving.value,
    receipt: wantsPaper.value ? "paper" : "none",
    lines: cart.lines.value,
    total_cents: amount_cents,
    tenders: [],
  };
  send({ path: "/api/pos/sales/kept/", body, target: "cart", tender: { kind: "bill", amount_cents } });
}

/** One payment for all that is chosen of one payee. */
function collect({ key: _ours, amount_cents, ...tender }) {
  const { dues } = groupNow.value;
  const body = { ...tender, key: uuid7(), dues: dues.map((due) => due.id) };
  send({
    path: "/api/pos/collections/", body, target: COLLECT, tender: { ...tender, amount_cents },
    dues,
  });
}

/** Take back a part that was noted here and not yet sent. */
export function dropPart(key) {
  parts.value = parts.value.filter((part) => part.key !== key);
}

function send({ path, body, target, tender, dues }) {
  letGo(); // what was taken out of the cart before is not coming back into a sale
  const change = tender.kind === "cash" ? tender.received_cents - tender.amount_cents : 0;
  unsent.value = {
    path, body, target, kind: tender.kind, amount_cents: tender.amount_cents, change_cents: change,
    sale: target === "cart" || target === COLLECT ? body.key : target,
    dues,
  };
  silences.value = 0;
  attempt();
}

let inFlight = false;
let timer = 0;

/** Try again at once: the network is back, somebody signed on, or a finger asks for it. */
export function retryNow() {
  clearTimeout(timer);
  attempt();
}

async function attempt() {
  const mine = unsent.value;
  if (!mine || inFlight) return;
  inFlight = true;
  const since = shiftNow();
  let sale;
  try {
    sale = await post(mine.path, mine.body);
  } catch (error) {
    inFlight = false;
    if (error instanceof NoAnswer || error.status === 429) silence();
    else if (error.status === 401) lost(error, since) || attempt();
    else await refused(mine, error);
    return;
  }
  inFlight = false;
  reachable.value = true;
  silences.value = 0;
  unsent.value = null;
  learn(sale);
  if (sale.state === "paid") announce(t("say.paid", { amount: euros(sale.total_cents) }));
  if (mine.target === "cart") {
    cart.startAnew();
    parts.value = [];
  }
  if (mine.kind === "bill") billWanted.value = sale.key;
  if (mine.target === COLLECT) noteSent(sale.key, mine.dues);
  go(addressOf(sale));
}

function silence() {
  silences.value += 1;
  reachable.value = false;
  const ceiling = Math.min(LONGEST_WAIT_MS, 500 * 2 ** silences.value);
  timer = setTimeout(attempt, ceiling / 2 + Math.random() * (ceiling / 2));
}

/** The server said no: nothing was stored, so the cart is ours again. */
async function refused(mine, problem) {
  unsent.value = null;
  reachable.value = true;
  go(placeOf(mine.target === "cart" ? null : mine.target));
  if (problem.code === "catalogue_outdated") {
    await loadCatalogue().catch(() => {});
    const gone = dropUnknown();
    tell(problem, gone ? t("cart.gone", { count: gone }) : "");
    return;
  }
  if (problem.code === "quote_expired") await loadQuote().catch(() => {});
  tell(problem);
}

/** Show a refusal in the server's words. */
export function tell(problem, more = "") {
  notice.value = {
    kind: "danger",
    title: problem.title || t("error.unexpected"),
    advice: [problem.advice || t("error.unexpected_advice"), more].filter(Boolean).join(" "),
  };
}

window.addEventListener("online", retryNow);
