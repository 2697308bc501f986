// One version of the catalogue, whole, from the server. The grid shows it in the server's order and
// never sorts it by itself: hands remember places.

import { computed, signal } from "@preact/signals";
import { get } from "../http.js";
import { tabStore } from "../storage.js";
import { catalogue } from "./state.js";

const CATEGORY = "teraa.till.category";
const chosen = signal(tabStore.read(CATEGORY));

export const products = computed(() => {
  const found = new Map();
  for (const category of catalogue.value?.categories ?? []) {
    for (const product of category.products) {
      found.set(product.id, { ...product, colour: product.colour || category.colour });
    }
  }
  return found;
});

export const category = computed(() => {
  const all = catalogue.value?.categories ?? [];
  return all.find((one) => one.id === chosen.value) ?? all[0] ?? null;
});

export function choose(id) {
  chosen.value = id;
  tabStore.write(CATEGORY, id);
}

export async function load() {
  catalogue.value = await get("/api/pos/catalogue/");
}
