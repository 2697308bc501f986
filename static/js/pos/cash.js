// Cash: one tap on the note that was handed over, and the change is the loudest thing there is.

import { useState } from "preact/hooks";
import { typeDigit } from "../money.js";
import { t } from "../words.js";
import { html } from "./html.js";
import { nowDue, pay, unsent } from "./payment.js";
import { keepFocus, Pad, PaneHead } from "./pieces.js";
import { go, placeOf } from "./routes.js";
import { euros } from "./state.js";

const NOTES = [500, 1000, 2000, 5000];

export function Cash({ saleKey }) {
  const [given, setGiven] = useState(0);
  const [isTyped, setTyped] = useState(true);
  const due = nowDue(saleKey);
  const change = given - due;
  const settle = (received_cents) => pay("cash", saleKey, { received_cents });

  /** Notes add up; the one that covers the sum settles it. */
  function takeNote(note) {
    const sum = isTyped ? note : given + note;
    setTyped(false);
    setGiven(sum);
    if (sum >= due) settle(sum);
  }
  function type(digits) {
    setGiven(typeDigit(isTyped ? given : 0, digits));
    setTyped(true);
  }
  function enter() {
    if (!given) settle(due);
    else if (change >= 0) settle(given);
  }

  return html`<section class="pane cash-pane">
    <${PaneHead} title=${t("cash")} onBack=${() => go(placeOf(saleKey))} />
    <div class="cash">
      <div class="cash-side">
        <dl class="sums">
          <div><dt>${t("cash.due")}</dt><dd class="money-large">${euros(due)}</dd></div>
          <div><dt>${t("cash.given")}</dt><dd>${given ? euros(given) : "–"}</dd></div>
          <div class=${change >= 0 && given ? "sums-loud tone-text-ok" : "sums-loud"}>
            <dt>${given && change < 0 ? t("cash.missing") : t("cash.change")}</dt>
            <dd class="money-loud"><span role="status">${given ? euros(change < 0 ? -change : change) : "–"}</span></dd>
          </div>
        </dl>
        <div class="notes">
          <button type="button" class="note note-exact" data-act="exact" disabled=${unsent.value !== null}
            onMouseDown=${keepFocus} onClick=${() => settle(due)}>${t("cash.exact")}
            <small>${euros(due)}</small></button>
          ${NOTES.map((note) => html`<button type="button" class="note" key=${note}
            data-note=${note} onMouseDown=${keepFocus} disabled=${unsent.value !== null}
            onClick=${() => takeNote(note)}>${note / 100}${"\u00a0"}€
            <small>${note > due ? t("cash.back", { amount: euros(note - due) }) : ""}</small></button>`)}
        </div>
      </div>
      <div class="cash-pad">
        <${Pad} extra="00" onDigits=${type} onEnter=${enter}
          onErase=${() => { setTyped(true); setGiven(isTyped ? (given - (given % 10)) / 10 : 0); }} />
        <button type="button" class="primary-button" data-act="settle-cash"
          disabled=${!given || change < 0 || unsent.value !== null} onClick=${() => settle(given)}>
          ${t("cash.settle")}</button>
      </div>
    </div>
  </section>`;
}
