// What is sold here: a category, and its products where hands remember them.

import { useComputed } from "@preact/signals";
import { t } from "../words.js";
import { add, counts } from "./cart.js";
import { category, choose } from "./catalogue.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { isOpen } from "./payment.js";
import { hue, keepFocus } from "./pieces.js";
import { go } from "./routes.js";
import { catalogue, euros } from "./state.js";

export function Categories() {
  const current = category.value;
  return html`<nav class="categories" aria-label=${t("shelf.categories")}>
    ${(catalogue.value?.categories ?? []).map((one) => html`<button type="button" key=${one.id}
      class="category" ...${hue(one.colour)} aria-pressed=${one.id === current?.id}
      onMouseDown=${keepFocus} onClick=${() => choose(one.id)}>${one.name}</button>`)}
  </nav>`;
}

/** Only the tile whose own count changed is drawn again: a tap costs the same among 500 products. */
function Tile({ product, colour }) {
  const count = useComputed(() => counts.value.get(product.id) ?? 0);
  const tap = () => {
    if (isOpen.value) add(product.id);
    else go("split");
  };
  return html`<button type="button" class="tile" ...${hue(colour)} data-product=${product.id}
    disabled=${!product.available} onMouseDown=${keepFocus} onClick=${tap}>
    <span class="tile-label">${product.short || product.label}</span>
    <span class="tile-price">${product.available ? euros(product.price_cents) : t("shelf.none_left")}</span>
    ${count.value > 0 && html`<span class="tile-count">
      <span class="visually-hidden">${t("shelf.in_cart")} </span>${count.value}</span>`}
  </button>`;
}

export function Shelf() {
  const shown = category.value;
  if (!catalogue.value) {
    return html`<section class="shelf" aria-busy="true"><p class="empty">${t("shelf.loading")}</p></section>`;
  }
  if (!shown) {
    return html`<section class="shelf"><p class="empty"><${Icon} name="list" />${t("shelf.empty")}</p></section>`;
  }
  return html`<section class="shelf" aria-label=${shown.name} key=${shown.id}>
    <div class="tiles">
      ${shown.products.map((product) => html`<${Tile} key=${product.id} product=${product}
        colour=${product.colour || shown.colour} />`)}
    </div>
  </section>`;
}
