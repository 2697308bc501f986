// The ways to pay what is due now: OSM first and largest, then cash, then card. The same everywhere:
// under the cart, in a split, and for what is left of a sale.

import { useEffect, useRef } from "preact/hooks";
import { t } from "../words.js";
import { receipt, serving } from "./cart.js";
import { html } from "./html.js";
import { Icon, OsmMark } from "./icons.js";
import { isNoteDue, noteHint } from "./bill.js";
import { keepForBill, nowDue, parts, pay, restOf, share, unsent, wantsPaper } from "./payment.js";
import { osmRefusal, unitsFor } from "./quote.js";
import { go, route, wayTo } from "./routes.js";
import { boot, coins, euros } from "./state.js";

/** `focused`: the first way takes the focus, so that a second Enter pays. */
export function Ways({ saleKey = null, focused = false, quiet = false }) {
  const due = nowDue(saleKey);
  const isPart = share.value !== null && due < restOf(saleKey);
  const isEmpty = due <= 0 && !(saleKey === null && parts.value.length);
  const off = isEmpty || unsent.value !== null;
  const refusal = osmRefusal(boot.value.training ? t("training.osm") : t("osm.no_rate"));
  const place = useRef(null);
  useEffect(() => {
    if (focused) place.current.querySelector("button.way:enabled")?.focus({ preventScroll: true });
  }, [focused, refusal]);
  const units = unitsFor(due);
  const fee = boot.value.osm.fee_units;
  const { printer, training } = boot.value;
  const canBill = saleKey === null && !quiet && printer && !training && !parts.value.length;
  const isDue = isNoteDue(serving.value, due);
  return html`<div class="ways" ref=${place}>
    ${isPart && html`<p class="ways-part">
      <span>${t("split.part_of", { part: euros(due), whole: euros(restOf(saleKey)) })}</span>
      <button type="button" class="quiet-button" onClick=${() => { share.value = null; }}>
        ${t("split.all")}</button>
    </p>`}
    <button type="button" class="way way-osm" data-act="pay-osm"
      disabled=${off || refusal !== ""} onClick=${() => pay("osm", saleKey)}>
      <${OsmMark} />
      <span class="way-osm-words">
        <span class="way-osm-amount">${units && !refusal ? coins(units) : t("osm")}</span>
        <span class="way-small">${refusal || (units ? t("osm.fee_apart", { fee: coins(fee) }) : t("osm.pay"))}</span>
      </span>
    </button>
    <div class="way-pair">
      <button type="button" class="way" data-act="pay-cash" disabled=${off}
        aria-pressed=${route.value.name === "cash"} onClick=${() => go(wayTo("cash", saleKey))}>
        <${Icon} name="cash" />${t("cash")}</button>
      <button type="button" class="way" data-act="pay-card" disabled=${off}
        aria-pressed=${route.value.name === "card"} onClick=${() => go(wayTo("card", saleKey))}>
        <${Icon} name="card" />${t("card")}</button>
    </div>
    ${canBill && isDue && html`<p class="bills-hint" data-note-due><${Icon} name="warning" />${noteHint()}</p>`}
    ${!quiet && html`<div class="way-more">
      ${saleKey === null && html`<button type="button" class="quiet-button" data-act="paper"
        aria-pressed=${wantsPaper.value}
        onClick=${() => { receipt.value = wantsPaper.value ? "none" : "paper"; }}>
        <${Icon} name="printer" />${wantsPaper.value ? t("receipt.paper") : t("receipt.none")}
      </button>`}
      ${canBill && html`<button type="button" class="quiet-button" data-act="bill" disabled=${off}
        onClick=${keepForBill}><${Icon} name="list" />${isDue ? t("bill.note_short") : t("bill")}</button>`}
      <button type="button" class="quiet-button" data-act="split" disabled=${off}
        aria-pressed=${route.value.name === "split"} onClick=${() => go(wayTo("split", saleKey))}>
        <${Icon} name="split" />${t("split")}</button>
    </div>`}
  </div>`;
}
