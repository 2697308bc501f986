// One till: the line at the top, what one is doing on the left, the paper on the right.

import { useEffect } from "preact/hooks";
import { t } from "../words.js";
import { Abandon } from "./abandon-pane.js";
import { FarmBasket } from "./amap-basket.js";
import { FarmBaskets } from "./amap-list.js";
import { Arrivals } from "./arrivals-pane.js";
import { Bar, Basket, isPaying, isSheetUp } from "./basket.js";
import { Card } from "./card.js";
import { totalCents } from "./cart.js";
import { groupNow } from "./collect.js";
import { Collect } from "./collect-pane.js";
import { Cash } from "./cash.js";
import { abandon } from "./deeds.js";
import { Detail, Lines, Tenders } from "./detail.js";
import { Drawer } from "./drawer-pane.js";
import { Enrol, Unreachable } from "./enrol.js";
import { GiveBack } from "./give-back-pane.js";
import { Header } from "./header.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { List } from "./list.js";
import { parts, unsent } from "./payment.js";
import { GiveOut } from "./payout-pane.js";
import { Notice, Undo, useSettling } from "./pieces.js";
import { COLLECT, go, route } from "./routes.js";
import { Sale } from "./sale.js";
import { sales, standing } from "./sales.js";
import { Sending } from "./sending.js";
import { Categories, Shelf } from "./shelf.js";
import { SignOn } from "./sign-on.js";
import { Split } from "./split.js";
import { announcement, euros, may, narrow, stage } from "./state.js";
import { Totals } from "./totals.js";
import { isTraining, TrainingBanner } from "./training.js";

function Pane() {
  const { name, key } = route.value;
  if (unsent.value) return html`<${Sending} />`;
  switch (name) {
    case "cash": return html`<${Cash} saleKey=${key} />`;
    case "card": return html`<${Card} saleKey=${key} />`;
    case "split": return html`<${Split} saleKey=${key} />`;
    case "sale": return html`<${Sale} saleKey=${key} />`;
    case "sales": return html`<${List} />`;
    case "refund": return html`<${GiveBack} key=${key} saleKey=${key} />`;
    case "payout": return html`<${GiveOut} key=${key} payoutId=${key} />`;
    case "abandon": return html`<${Abandon} key=${key} saleKey=${key} />`;
    case "detail": return html`<${Detail} saleKey=${key} />`;
    case COLLECT: return html`<${Collect} />`;
    case "arrivals": return html`<${Arrivals} />`;
    case "baskets": return html`<${FarmBaskets} />`;
    case "basket": return html`<${FarmBasket} key=${key} id=${key} />`;
    case "drawer": return html`<${Drawer} />`;
    case "totals": return html`<${Totals} />`;
    default: return html`<h1 class="visually-hidden">${t("sell")}</h1><${Categories} /><${Shelf} />`;
  }
}

/** The paper of a sale that has left the cart. */
function SalePaper({ sale }) {
  return html`<section class="ticket" aria-label=${t("sale")}>
    <div class="ticket-head"><h2>${sale.number ? t("sale.number", { number: sale.number }) : t("sale")}</h2>
      <span class="ticket-who">${sale.operator}</span></div>
    <div class="ticket-body" tabindex="0" role="group" aria-label=${t("sale.content")}>
      <${Lines} sale=${sale} /><${Tenders} sale=${sale} />
    </div>
    <div class="total"><span class="total-word">${t("total")}</span>
      <output class="total-money">${euros(sale.total_cents)}</output></div>
    ${route.value.name !== "abandon" && standing(sale) !== "seen" && sale.state === "waiting" && sale.paid_cents === 0
      && may("cancel_sale") && html`<div class="ticket-foot">
      <button type="button" class="quiet-button danger-button" data-act="abandon"
        onClick=${() => abandon(sale)}><${Icon} name="bin" />${t("sale.abandon")}</button></div>`}
  </section>`;
}

function Dock() {
  const { name, key } = route.value;
  // A sale that is only looked at leaves the cart where it is.
  const sale = name !== "detail" && name !== "refund" && key && sales.value.get(key);
  return sale ? html`<${SalePaper} sale=${sale} />` : html`<${Basket} />`;
}

/** On a phone: where an undo may lie over the pane, because no pad and no way to pay is under it. */
const FLOATING = ["sell", "sales", "detail", "totals"];

function Till() {
  const { name, key } = route.value;
  const isSelling = name === "sell" && !unsent.value;
  useEffect(() => {
    // Nothing to pay: these panes would only show zero (after a reload, or the back button).
    if (!key && ["cash", "card", "split"].includes(name) && !unsent.value
      && totalCents.value === 0 && !parts.value.length) go("");
    if (key === COLLECT && name !== COLLECT && !groupNow.value && !unsent.value) go(COLLECT);
  });
  useEffect(() => {
    isSheetUp.value = false;
    isPaying.value = false;
  }, [name, key, unsent.value]);
  const isSheet = narrow.value && isSheetUp.value && isSelling;
  const pane = unsent.value ? "sending" : name;
  const isSettling = useSettling(`${pane} ${key} ${isSheet}`, !isSelling || isSheet);
  return html`<div class="till" data-pane=${pane} data-sheet=${isSheet} data-settling=${isSettling}
    data-training=${isTraining()}>
    <div class="head"><${TrainingBanner} /><${Header} /></div>
    <main class="work">
      <${Notice} />
      <div class="work-pane"><${Pane} /></div>
    </main>
    ${narrow.value && isSelling && html`<${Bar} />`}
    ${(!narrow.value || isSheet) && html`<aside class="dock" aria-label=${t("cart")}><${Dock} /></aside>`}
    ${narrow.value && !isSheet && FLOATING.includes(name) && html`<${Undo} floats />`}
  </div>`;
}

const STAGES = {
  starting: () => html`<main class="door" aria-busy="true"></main>`,
  unreachable: () => html`<${Unreachable} />`,
  enrol: () => html`<${Enrol} />`,
  sign_on: () => html`<${SignOn} />`,
  open: () => html`<${Till} />`,
};

export function App() {
  return html`${STAGES[stage.value]()}
    <div class="visually-hidden" aria-live="assertive">${announcement.value}</div>`;
}
