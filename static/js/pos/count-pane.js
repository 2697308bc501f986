// Notes and coins: tap one, type how many. The sum is of what was counted, never of what should be.

import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../words.js";
import { totalOf } from "./drawer.js";
import { html } from "./html.js";
import { Pad, PaneHead, keepFocus } from "./pieces.js";
import { euros } from "./state.js";

const MOST_PIECES = 10_000;
const SMALLEST_NOTE = 500;

function Piece({ cents, pieces, isChosen, onChoose }) {
  const button = useRef(null);
  useEffect(() => {
    if (isChosen) button.current.scrollIntoView({ block: "nearest" });
  }, [isChosen]);
  return html`<button type="button" class="piece" ref=${button} data-piece=${cents} aria-pressed=${isChosen}
    onMouseDown=${keepFocus} onClick=${onChoose}>
    <span class="piece-face">${euros(cents)}</span>
    <span class="piece-times">× ${pieces}</span>
    <span class="piece-sum">${pieces ? euros(cents * pieces) : ""}</span>
  </button>`;
}

export function Count({ count, denominations, onChange, onBack, onDone, title, done }) {
  const [chosen, setChosen] = useState(denominations.find((one) => one <= 2000));
  const [isTyped, setTyped] = useState(false);
  const pieces = count[chosen] ?? 0;
  function set(next) {
    if (next > MOST_PIECES) return;
    onChange({ ...count, [chosen]: next });
    setTyped(true);
  }
  function choose(cents) {
    setChosen(cents);
    setTyped(false);
  }
  const next = () => choose(denominations[(denominations.indexOf(chosen) + 1) % denominations.length]);
  const group = (name, some) => html`<div class="pieces" role="group" aria-label=${name}>
    ${some.map((cents) => html`<${Piece} key=${cents} cents=${cents} pieces=${count[cents] ?? 0}
      isChosen=${cents === chosen} onChoose=${() => choose(cents)} />`)}
  </div>`;
  return html`<section class="pane drawer-pane count-pane">
    <${PaneHead} title=${title} onBack=${onBack} />
    <div class="cash">
      <div class="cash-side">
        ${group(t("drawer.notes"), denominations.filter((one) => one >= SMALLEST_NOTE))}
        ${group(t("drawer.coins"), denominations.filter((one) => one < SMALLEST_NOTE))}
      </div>
      <div class="cash-pad">
        <p class="count-now" role="status"><span>${euros(chosen)} × <strong>${pieces}</strong></span>
          <span class="count-total">${euros(totalOf(count))}</span></p>
        <${Pad} onDigits=${(digit) => set(isTyped ? pieces * 10 + Number(digit) : Number(digit))}
          onErase=${() => set((pieces - (pieces % 10)) / 10)} onEnter=${next} />
        <div class="count-feet">
          <button type="button" class="way" data-act="next-piece" onMouseDown=${keepFocus}
            onClick=${next}>${t("drawer.next")}</button>
          <button type="button" class="primary-button" data-act="counted" onClick=${onDone}>${done}</button>
        </div>
      </div>
    </div>
  </section>`;
}
