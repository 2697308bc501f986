// One bill, several payments: say how much is paid now, then how. The parts always sum to the whole,
// because the last one is whatever is left.

import { useState } from "preact/hooks";
import { typeDigit } from "../money.js";
import { t } from "../words.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { dropPart, parts, restOf, share } from "./payment.js";
import { keepFocus, Pad, PaneHead, Undo } from "./pieces.js";
import { go, placeOf } from "./routes.js";
import { euros, narrow } from "./state.js";
import { offerUndo } from "./undo.js";
import { Ways } from "./ways.js";

const WAYS = { cash: () => t("cash"), card: () => t("card") };

/** One of `count` equal parts, rounded up to the cent so that the last is never the larger. */
const portion = (cents, count) => (cents - (cents % count)) / count + (cents % count ? 1 : 0);

function Part({ part }) {
  const takeOut = () => {
    const before = parts.value;
    dropPart(part.key);
    offerUndo({ text: t("undo.part"), undo: () => { parts.value = before; } });
  };
  return html`<li class="part">
    <span>${WAYS[part.kind]()}</span><span class="part-money">${euros(part.amount_cents)}</span>
    ${part.kind === "cash" && part.received_cents > part.amount_cents && html`<strong
      class="tone-text-ok">${t("cash.back", { amount: euros(part.received_cents - part.amount_cents) })}</strong>`}
    <button type="button" class="round" aria-label=${t("split.take_out")} onClick=${takeOut}>
      <${Icon} name="bin" /></button>
  </li>`;
}

export function Split({ saleKey }) {
  const rest = restOf(saleKey);
  const [typed, setTyped] = useState(0);

  function set(cents) {
    setTyped(cents);
    share.value = cents > 0 && cents < rest ? cents : null;
  }
  function leave() {
    share.value = null;
    go(placeOf(saleKey));
  }

  return html`<section class="pane split-pane">
    <${PaneHead} title=${t("split")} onBack=${leave} />
    <div class="cash">
      <div class="cash-side">
        <dl class="sums">
          <div><dt>${t("split.rest")}</dt><dd class="money-large">${euros(rest)}</dd></div>
          <div class="sums-loud"><dt>${t("split.now")}</dt>
            <dd class="money-loud"><span role="status">${euros(share.value ?? rest)}</span></dd></div>
        </dl>
        ${saleKey === null && parts.value.length > 0 && html`<ul class="parts">
          ${parts.value.map((part) => html`<${Part} key=${part.key} part=${part} />`)}
        </ul>`}
        <div class="notes">
          ${[2, 3, 4, 5].map((count) => html`<button type="button" class="note" key=${count}
            data-portion=${count} onMouseDown=${keepFocus} onClick=${() => set(portion(rest, count))}>
            ${t("split.portion", { count })} <small>${euros(portion(rest, count))}</small></button>`)}
        </div>
      </div>
      <div class="cash-pad">
        <${Pad} extra="00" onDigits=${(digits) => set(typeDigit(typed, digits))}
          onErase=${() => set((typed - (typed % 10)) / 10)} />
      </div>
    </div>
    ${narrow.value && html`<${Undo} />`}
    ${(narrow.value || saleKey) && html`<${Ways} saleKey=${saleKey} quiet />`}
  </section>`;
}
