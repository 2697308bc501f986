// A card terminal that is not linked: the cashier types the amount there and says here what it said.

import { useState } from "preact/hooks";
import { t } from "../words.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { nowDue, pay, unsent } from "./payment.js";
import { PaneHead } from "./pieces.js";
import { go, placeOf } from "./routes.js";
import { euros, notice } from "./state.js";

export function Card({ saleKey }) {
  const [authorisation, setAuthorisation] = useState("");
  const back = () => go(placeOf(saleKey));

  function refuse() {
    back();
    notice.value = { kind: "attention", title: t("card.refused_title"), advice: t("card.refused_advice") };
  }

  return html`<section class="pane card-pane">
    <${PaneHead} title=${t("card")} onBack=${back} />
    <div class="card-way">
      <p class="card-ask">${t("card.type_this")}</p>
      <p class="money-loud card-amount" data-amount=${nowDue(saleKey)}>${euros(nowDue(saleKey))}</p>
      <p class="card-ask">${t("card.then")}</p>
      <div class="verdicts">
        <button type="button" class="verdict tone-solid-ok" data-act="card-accepted"
          disabled=${unsent.value !== null}
          onClick=${() => pay("card", saleKey, { authorisation: authorisation.trim() })}>
          <${Icon} name="check" large />${t("card.accepted")}</button>
        <button type="button" class="verdict verdict-no" data-act="card-refused" onClick=${refuse}>
          <${Icon} name="cross" large />${t("card.refused")}</button>
      </div>
      <label class="field" for="authorisation">
        <span>${t("card.authorisation")}</span>
        <input id="authorisation" value=${authorisation} inputmode="numeric" maxlength="20"
          autocomplete="off" onInput=${(event) => setAuthorisation(event.currentTarget.value)} />
      </label>
    </div>
  </section>`;
}
