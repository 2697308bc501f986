// The cart as one sees it: a strip of paper on the right of a tablet, a sheet from below on a phone.

import { signal, useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import { t, tn } from "../words.js";
import { Chosen } from "./collect-pane.js";
import { add, clear, entries, pieces, serving, takeOne, totalCents, touched } from "./cart.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { isOpen, parts, restOf } from "./payment.js";
import { hue, keepFocus, Undo } from "./pieces.js";
import { COLLECT, route } from "./routes.js";
import { euros, narrow } from "./state.js";
import { Ways } from "./ways.js";

/** On a phone: whether the sheet is up. */
export const isSheetUp = signal(false);
/** Enter was pressed: the ways to pay take the focus. */
export const isPaying = signal(false);

function Line({ entry }) {
  const open = isOpen.value;
  return html`<li class=${touched.value === entry.product ? "line is-touched" : "line"}
    data-line=${entry.product} ...${hue(entry.colour)}>
    <span class="line-label">${entry.label} <small>${euros(entry.unit_cents)}</small></span>
    <span class="line-steps">
      <button type="button" class="step" disabled=${!open} onMouseDown=${keepFocus}
        aria-label=${t("cart.less", { label: entry.label })}
        onClick=${() => takeOne(entry.product)}><${Icon} name="minus" /></button>
      <span class="line-quantity">${entry.quantity}</span>
      <button type="button" class="step" disabled=${!open} onMouseDown=${keepFocus}
        aria-label=${t("cart.more", { label: entry.label })}
        onClick=${() => add(entry.product)}><${Icon} name="plus" /></button>
    </span>
    <span class="line-total">${euros(entry.total_cents)}</span>
  </li>`;
}

function Serving() {
  const choice = (value, word) => html`<button type="button" aria-pressed=${serving.value === value}
    disabled=${!isOpen.value} onMouseDown=${keepFocus}
    onClick=${() => { serving.value = value; }}>${word}</button>`;
  return html`<div class="segments" role="group" aria-label=${t("serving")}>
    ${choice("on_site", t("serving.on_site"))}${choice("takeaway", t("serving.takeaway"))}
  </div>`;
}

function Lines() {
  const list = useRef(null);
  useSignalEffect(() => {
    const line = touched.value
      && list.current?.querySelector(`[data-line="${CSS.escape(touched.value)}"]`);
    line?.scrollIntoView({ block: "nearest" });
  });
  return html`<ol class="lines" ref=${list} tabindex="0" aria-label=${t("cart")}>
    ${entries.value.map((entry) => html`<${Line} key=${entry.product} entry=${entry} />`)}
  </ol>`;
}

/** The total, and what a part already paid leaves of it. */
export function Total() {
  const rest = restOf(null);
  const begun = parts.value.length > 0;
  return html`<div class="total">
    <span class="total-word">${begun ? t("total.left") : t("total")}</span>
    <output class="total-money" data-total=${rest}>${euros(rest)}</output>
    ${begun && html`<span class="total-note">${t("total.of", { total: euros(totalCents.value) })}</span>`}
  </div>`;
}

export function Basket() {
  const isEmpty = !entries.value.length;
  // Other people's money is being taken beside it: one place to pay on a screen.
  const isCollecting = route.value.key === COLLECT;
  return html`<section class="ticket" aria-label=${t("cart")}>
    <div class="ticket-head">
      <${Serving} />
      <button type="button" class="round" data-act="clear" aria-label=${t("cart.clear")}
        disabled=${isEmpty || !isOpen.value} onClick=${clear}><${Icon} name="bin" /></button>
      ${narrow.value && html`<button type="button" class="round" data-act="close-sheet"
        aria-label=${t("cart.close")} onClick=${() => { isSheetUp.value = false; }}>
        <${Icon} name="down" /></button>`}
    </div>
    ${isEmpty ? html`<p class="ticket-empty">${t("cart.empty")}</p>` : html`<${Lines} />`}
    <${Undo} />
    <${Chosen} />
    <${Total} />
    ${!isCollecting && html`<${Ways} focused=${isPaying.value} />`}
  </section>`;
}

/** A phone's bar: what is in the cart, and the one way on. Under the thumb. */
export function Bar() {
  const count = pieces.value;
  const open = () => {
    isSheetUp.value = true;
  };
  return html`<div class="bar">
    <button type="button" class="bar-cart" data-act="open-sheet" disabled=${!count}
      aria-expanded=${isSheetUp.value} onClick=${open}>
      <span class="bar-count" aria-hidden="true">${count}</span><${Icon} name="up" />
      <span class="visually-hidden">${count ? tn("cart.pieces", count) : t("cart.empty_short")}</span>
    </button>
    <button type="button" class="bar-pay" data-act="pay" disabled=${!count} onClick=${open}>
      <span>${t("pay")}</span> <output class="bar-total" data-total=${restOf(null)}>${euros(restOf(null))}</output>
    </button>
  </div>`;
}
