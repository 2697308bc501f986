// The baskets of a distribution: a few letters find a household.

import { useEffect, useState } from "preact/hooks";
import { language, t, tn } from "../words.js";
import { baskets, chosen, found, keepFresh, moneyOf, near, readBaskets, readNear } from "./amap.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { PaneHead } from "./pieces.js";
import { go } from "./routes.js";
import { euros, hour, zone } from "./state.js";

const STATES = {
  ordered: ["calm", "hourglass", () => t("amap.state.ordered")],
  handed_out: ["ok", "check", () => t("amap.state.handed_out")],
  absent: ["quiet", "cross", () => t("amap.state.absent")],
};

export function BasketBadge({ state }) {
  const [tone, sign, word] = STATES[state];
  return html`<span class="badge tone-${tone}"><${Icon} name=${sign} />${word()}</span>`;
}

export function MoneyBadge({ basket }) {
  const { kind, tone, sign, cents } = moneyOf(basket);
  const words = {
    none: () => t("amap.nothing_owed"),
    paid: () => t("amap.paid"),
    coming: () => t("amap.coming", { amount: euros(cents) }),
    owed: () => t("amap.owed", { amount: euros(cents) }),
  };
  return html`<span class="badge tone-${tone}" data-money=${kind}>
    <${Icon} name=${sign} />${words[kind]()}</span>`;
}

const day = (instant) => new Intl.DateTimeFormat(language, {
  weekday: "short", day: "numeric", month: "short", timeZone: zone.value,
}).format(new Date(instant));

function Choice() {
  if (near.value.length < 2) return null;
  return html`<label class="farm-choice"><span>${t("amap.which")}</span>
    <select value=${chosen.value} onChange=${(event) => {
      chosen.value = event.target.value;
      baskets.value = null;
      readBaskets();
    }}>${near.value.map((one) => html`<option key=${one.id} value=${one.id}
      selected=${one.id === chosen.value}>
      ${day(one.starts_at)} ${hour(one.starts_at)} · ${one.group}</option>`)}</select></label>`;
}

function Row({ basket }) {
  return html`<li>
    <button type="button" class="row farm-row" data-basket=${basket.id} data-state=${basket.state}
      onClick=${() => go(`basket/${basket.id}`)}>
      <span class="farm-number">${basket.number}</span>
      <span class="row-what">${basket.household}
        <small>${basket.lines.map((line) => `${line.quantity} × ${line.label}`).join(", ")}</small></span>
      <span class="row-state"><${BasketBadge} state=${basket.state} /><${MoneyBadge} basket=${basket} /></span>
    </button>
  </li>`;
}

export function FarmBaskets() {
  const [words, setWords] = useState("");
  useEffect(() => keepFresh(async () => {
    await readNear();
    await readBaskets();
  }), []);
  const shown = found(words);
  const left = (baskets.value ?? []).filter((one) => one.state === "ordered").length;
  return html`<section class="pane">
    <${PaneHead} title=${t("amap.title")} onBack=${() => go("")}>
      ${baskets.value?.length ? html`<span class="farm-left" role="status">${tn("amap.left", left)}</span>` : null}
    </${PaneHead}>
    ${near.value && html`<${Choice} />`}
    ${!baskets.value && html`<p class="empty"><${Icon} name="hourglass" />${t("amap.loading")}</p>`}
    ${baskets.value && !baskets.value.length
      && html`<p class="empty"><${Icon} name="basket" />${t("amap.none")}</p>`}
    ${baskets.value?.length ? html`
      <input type="search" class="farm-search" data-act="find-household" autocomplete="off"
        aria-label=${t("amap.search")} placeholder=${t("amap.search")} value=${words}
        onInput=${(event) => setWords(event.target.value)} />
      ${shown.length
        ? html`<ul class="rows">${shown.map((one) => html`<${Row} key=${one.id} basket=${one} />`)}</ul>`
        : html`<p class="empty"><${Icon} name="user" />${t("amap.nobody", { words })}</p>`}` : null}
  </section>`;
}
