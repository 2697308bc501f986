// The end of the day at this till: what closing did, and its paper.

import { useRef, useState } from "preact/hooks";
import { post } from "../http.js";
import { uuid7 } from "../uuid7.js";
import { t } from "../words.js";
import { attemptOnce } from "./deeds.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { announce, boot, day, hour } from "./state.js";

/** Asked first, then done: the same key until the server has answered, so that it is done once. */
export function useDayEnd() {
  const [isAsked, setAsked] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [closings, setClosings] = useState(null);
  const key = useRef(null);
  async function close() {
    key.current ??= uuid7();
    const { current } = key;
    setBusy(true);
    const isDone = await attemptOnce(async () => {
      const answer = await post("/api/pos/closings/", { key: current });
      setClosings(answer.closings);
    });
    setBusy(false);
    if (!isDone) return;
    key.current = null;
    announce(t("close.done"));
  }
  return { isAsked, isBusy, closings, ask: () => setAsked(true), close };
}

function PrintZ({ closing }) {
  const [isQueued, setQueued] = useState(false);
  const key = useRef(null);
  async function print() {
    key.current ??= uuid7();
    const { current } = key;
    if (await attemptOnce(() => post(`/api/pos/closings/${closing.id}/print/`, { key: current }))) {
      key.current = null;
      setQueued(true);
    }
  }
  return html`<button type="button" class="way" data-act="print-z" onClick=${print}>
    <${Icon} name="printer" />${isQueued ? t("print.queued") : t("close.print")}</button>`;
}

export function Closed({ closings, figures: Figures }) {
  return closings.map((closing) => html`<div class="paper" key=${closing.id} data-closing=${closing.number}>
    <p class="paper-meta">${t("close.number", { number: closing.number, date: day(closing.span) })}
      ${" · "}${closing.register} · ${hour(closing.closed_at)}</p>
    ${closing.training && html`<p class="paper-meta"><strong>${t("close.training")}</strong></p>`}
    <${Figures} of=${closing} />
    ${boot.value.printer && html`<div class="pane-foot"><${PrintZ} closing=${closing} /></div>`}
  </div>`);
}
