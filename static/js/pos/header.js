// The line at the top: whose till this is, which sales still wait, what does not work just now.

import { t, tn } from "../words.js";
import { html } from "./html.js";
import { Icon, OsmMark } from "./icons.js";
import { Menu } from "./menu.js";
import { signOf, toneOf, wordOf } from "./pieces.js";
import { addressOf, go, route } from "./routes.js";
import { acknowledge, arrived, recent, standing, waiting } from "./sales.js";
import { boot, euros, liveLine, narrow, reachable } from "./state.js";

function Chip({ sale }) {
  const stands = standing(sale);
  const open = () => {
    if (stands === "paid") acknowledge(sale.key);
    go(stands === "paid" ? `detail/${sale.key}` : addressOf(sale));
  };
  return html`<button type="button" class="chip tone-${toneOf(stands)}" data-sale=${sale.key}
    data-state=${stands} aria-pressed=${route.value.key === sale.key} onClick=${open}>
    <${Icon} name=${signOf(stands)} />
    <span class="chip-money">${euros(sale.total_cents)}</span>
    <span class="chip-word">${wordOf(stands)}</span>
  </button>`;
}

/** What deserves the eye first, when there is room for one sign only. */
const BY_WEIGHT = ["paid", "seen", "expired", "unpaid", "open"];

function Summary({ shown, count }) {
  const stands = BY_WEIGHT.find((word) => shown.some((sale) => standing(sale) === word));
  return html`<button type="button" class="chip tone-${toneOf(stands)}" data-state=${stands}
    onClick=${() => go("sales")}>
    <${Icon} name=${signOf(stands)} />
    <span class="chip-money">${shown.length}</span>
    <span class="visually-hidden">${wordOf(stands)}, ${tn("strip.waiting", count)}</span>
  </button>`;
}

/** Sales that wait for their money, and those whose money has just come. */
function Strip() {
  const shown = recent.value.filter(
    (sale) => sale.state === "waiting" || (arrived.value.has(sale.key) && route.value.key !== sale.key),
  );
  if (!shown.length) return html`<div class="strip"></div>`;
  const count = waiting.value.length;
  const isTight = narrow.value && shown.length > 1;
  return html`<div class="strip" role="group" aria-label=${tn("strip.waiting", count)}>
    ${!narrow.value && html`<span class="strip-count" aria-hidden="true">${tn("strip.waiting", count)}</span>`}
    ${isTight ? html`<${Summary} shown=${shown} count=${count} />`
      : shown.map((sale) => html`<${Chip} key=${sale.key} sale=${sale} />`)}
  </div>`;
}

/** Only what does not work is said: a till in order is quiet. */
function Troubles() {
  const { printer, osm } = boot.value;
  const troubles = [];
  if (!reachable.value) troubles.push(["danger", "unplugged", t("trouble.network")]);
  else if (!liveLine.value && waiting.value.length) troubles.push(["attention", "clock", t("trouble.polling")]);
  if (!osm.available) troubles.push(["attention", "warning", t("trouble.osm")]);
  if (printer?.waiting) troubles.push(["attention", "printer", tn("trouble.printer", printer.waiting)]);
  return html`<div class="troubles" role="status">
    ${troubles.map(([tone, sign, word]) => html`<span class="badge tone-${tone}" key=${sign}>
      <${Icon} name=${sign} /><span>${word}</span></span>`)}
  </div>`;
}

export function Header() {
  return html`<header class="top">
    <div class="top-place"><${OsmMark} />
      <span class="top-name"><strong>${boot.value.station.name}</strong> <small>${boot.value.venue.name}</small></span>
    </div>
    <${Strip} />
    <${Troubles} />
    <button type="button" class="top-button" data-act="sales" aria-pressed=${route.value.name === "sales"}
      onClick=${() => go(route.value.name === "sales" ? "" : "sales")}>
      <${Icon} name="list" /><span>${t("sales.short")}</span></button>
    <${Menu} />
  </header>`;
}
