// An OSM payment being made: the code the customer scans, and what the chain says of it.

import { useEffect, useMemo, useState } from "preact/hooks";
import { serverNow } from "../http.js";
import { t } from "../words.js";
import { minutes, now, secondsUntil } from "./clock.js";
import { payOtherwise } from "./deeds.js";
import { html } from "./html.js";
import { Icon, OsmMark } from "./icons.js";
import { PaneHead } from "./pieces.js";
import { osmTender, standing } from "./sales.js";
import { coins, euros } from "./state.js";
import { Ways } from "./ways.js";

/** `path` draws the dark modules on a square of `size`, with the white that scanners need around. */
export function QrCode({ path, size, label }) {
  return html`<svg class="qr" viewBox="0 0 ${size} ${size}" role="img" aria-label=${label}
    shape-rendering="crispEdges">
    <rect width=${size} height=${size} fill="#fff" /><path d=${path} fill="#000" />
  </svg>`;
}

function Copyable({ label, text }) {
  const [copied, setCopied] = useState(false);
  async function copy() {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      setTimeout(() => setCopied(false), 2000);
    } catch {
      setCopied(false); // no permission: the text stands there to be selected
    }
  }
  return html`<div class="copyable">
    <span class="copyable-label">${label}</span>
    <code>${text}</code>
    <button type="button" class="round" onClick=${copy}
      aria-label=${copied ? t("copied") : t("copy", { what: label })}>
      <${Icon} name=${copied ? "check" : "copy"} /></button>
  </div>`;
}

/** From "seen" to its block: a calm bar over the chain's block time, then "any moment now". */
function BlockWait({ osm }) {
  const until = useMemo(
    () => serverNow() + osm.wait_s * 1000,
    [osm.request, osm.state, osm.confirmations],
  );
  const left = secondsUntil(until);
  const share = osm.wait_s ? Math.min(1, 1 - left / osm.wait_s) : 1;
  if (osm.flags.includes("limbo")) {
    return html`<p class="block-wait" data-limbo>${t("osm.checking")}</p>`;
  }
  return html`<div class="block-wait">
    <div class="bar-track"><div class="bar-fill" style=${{ transform: `scaleX(${share})` }}></div></div>
    <p>${left > 0 ? t("osm.block_in", { seconds: left }) : t("osm.any_moment")}
      ${osm.required > 1 && html` <span>${t("osm.depth", { have: osm.confirmations, need: osm.required })}</span>`}</p>
  </div>`;
}

/** Coins came, and not enough of them: the code asks for the rest. */
const isUnder = (osm) => osm.flags.includes("under");

/** Goods may go before the block; when it is overdue, while the customer may still be near, a warning. */
function Trusted({ osm }) {
  const overdue = secondsUntil(Date.parse(osm.trusted_until)) <= 0;
  return html`<div class="money-state ${overdue ? "tone-solid-waiting" : "tone-solid-ok"}"
    data-state=${overdue ? "overdue" : "accepted"}>
    <div class="money-state-word" role="status"><${Icon} name=${overdue ? "hourglass" : "check"} large />${overdue ? t("osm.overdue") : t("osm.trusted")}</div>
    ${overdue ? html`<p role="alert"><strong>${t("osm.trusted_over")}</strong></p>` : html`<${BlockWait} osm=${osm} />`}
  </div>`;
}

function Standing({ sale, osm }) {
  if (osm.state === "accepted" && osm.trusted_until) return html`<${Trusted} osm=${osm} />`;
  if (standing(sale) === "seen" || isUnder(osm)) {
    return html`<div class="money-state tone-solid-waiting" data-state="seen">
      <div class="money-state-word" role="status"><${Icon} name="eye" large />${t("osm.seen")}</div>
      ${isUnder(osm)
        ? html`<p data-missing=${osm.missing_units}><strong>${t("osm.missing", { amount: coins(osm.missing_units) })}</strong> ${t("osm.missing_advice")}</p>`
        : html`<${BlockWait} osm=${osm} />`}
    </div>`;
  }
  const left = secondsUntil(Date.parse(osm.expires_at));
  return html`<div class="money-state tone-calm" data-state="open">
    <div class="money-state-word" role="status"><${Icon} name="hourglass" large />${t("osm.waiting")}</div>
    ${osm.flags.includes("broken") && html`<p role="alert" data-vanished><strong>${t("osm.vanished")}</strong></p>`}
    <p>${left > 0 ? t("osm.valid_for", { time: minutes(left) }) : t("osm.late")}</p>
  </div>`;
}

export function Request({ sale, onNext }) {
  const tender = osmTender(sale);
  const { osm } = tender;
  const isSeen = standing(sale) === "seen" || isUnder(osm);
  const code = useMemo(
    () => html`<${QrCode} path=${osm.qr_svg_path} size=${osm.qr_size} label=${t("osm.qr")} />`,
    [osm.qr_svg_path],
  );
  useEffect(() => {
    let lock = null;
    // A tablet that falls asleep hides the code from the customer; not every browser can help it.
    navigator.wakeLock?.request("screen").then((got) => { lock = got; }).catch(() => {});
    return () => lock?.release().catch(() => {});
  }, []);
  return html`<section class="pane request-pane">
    <${PaneHead} title=${t("osm.pay")} onBack=${onNext} />
    <div class="request ${isSeen ? "is-seen" : ""}">
      <div class="request-code">${code}</div>
      <div class="request-words">
        <p class="request-osm" data-units=${osm.units}><${OsmMark} />${coins(osm.units)}</p>
        <p class="request-euros">${euros(tender.amount_cents)}${osm.fee_units && html`<span
          class="way-small"> ${t("osm.fee_apart", { fee: coins(osm.fee_units) })}</span>`}</p>
        <${Standing} sale=${sale} osm=${osm} />
        <${Copyable} label=${t("osm.address")} text=${osm.address} />
        <${Copyable} label=${t("osm.reference")} text=${osm.reference} />
      </div>
    </div>
    ${sale.remaining_cents > 0 && html`<div class="request-rest">
      <p><strong>${t("total.left")}</strong> <span class="money-large" data-rest=${sale.remaining_cents}>${euros(sale.remaining_cents)}</span></p>
      <${Ways} saleKey=${sale.key} quiet />
    </div>`}
    <div class="pane-foot">
      ${!isSeen && html`<button type="button" class="way" data-act="pay-otherwise"
        onClick=${() => payOtherwise(sale)}>${t("osm.otherwise")}</button>`}
      <button type="button" class="primary-button" data-act="next" onClick=${onNext}>
        ${t("next")}</button>
    </div>
  </section>`;
}
