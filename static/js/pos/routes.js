// Where the till is, kept in the address so that a reload and the tablet's back button do what one
// expects: back always leads to selling, never out of a payment into nowhere.
//
//   #/                     selling (also cash, card, split: ways to pay the cart)
//   #/sale/<key>           one sale waiting for its money, or just paid
//   #/sale/<key>/cash      paying what is left of it (cash, card, split)
//   #/abandon/<key>        giving it up, once its bill was shown
//   #/sales  #/detail/<key>  #/totals  #/drawer
//   #/collect  #/collect/cash   finding what other trades are owed, and taking it
//   #/collection/<key>     one such payment
//   #/payout/<id>          giving back what one of them owes somebody
//   #/arrivals             who comes today
//   #/baskets  #/basket/<id>   an AMAP's distribution, one household's basket

import { computed, signal } from "@preact/signals";

const hash = signal(location.hash);
window.addEventListener("hashchange", () => {
  hash.value = location.hash;
});

/** Stands where a sale's key does, for the dues that are being collected. */
export const COLLECT = "collect";

export const route = computed(() => {
  const [name = "", key = "", way = ""] = hash.value.replace(/^#\/?/, "").split("/");
  if (name === "sale" && key) return { name: way || "sale", key };
  if (name === "collection" && key) return { name: "sale", key, isCollection: true };
  if (name === COLLECT) return { name: key || COLLECT, key: COLLECT };
  if (["detail", "refund", "abandon", "basket", "payout"].includes(name) && key) return { name, key };
  if (["cash", "card", "split", "sales", "totals", "drawer", "baskets", "arrivals"].includes(name)) return { name, key: null };
  return { name: "sell", key: null };
});

export function go(path = "") {
  const target = `#/${path}`;
  if (target === hash.value || (path === "" && route.value.name === "sell")) return;
  const from = route.value.name;
  if (from === "sell") history.pushState(null, "", target);
  else history.replaceState(null, "", target);
  hash.value = target;
}

/** The address of a way to pay: the cart's, or that of one sale's rest. */
export const wayTo = (way, saleKey) => (saleKey ? `${placeOf(saleKey)}/${way}` : way);

/** Where one comes back to from a way to pay: the cart, a sale, or the dues being collected. */
export function placeOf(saleKey) {
  if (!saleKey) return "";
  return saleKey === COLLECT ? COLLECT : `sale/${saleKey}`;
}

/** The address of a stored sale, or of a collection. */
export const addressOf = (sale) => `${sale.collection ? "collection" : "sale"}/${sale.key}`;
