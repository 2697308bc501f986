// A browser nobody knows becomes a till: one code, once, made in the back office.

import { useState } from "preact/hooks";
import { NoAnswer } from "../http.js";
import { t } from "../words.js";
import { html } from "./html.js";
import { Icon, OsmMark } from "./icons.js";
import { LanguageChoice } from "./menu.js";
import { enrol } from "./session.js";

const LENGTH = 8;

/** "k7qx2m9r" → "K7QX-2M9R" while it is typed. */
function shaped(text) {
  const letters = text.toUpperCase().replace(/[^0-9A-Z]/g, "").slice(0, LENGTH);
  return letters.length > 4 ? `${letters.slice(0, 4)}-${letters.slice(4)}` : letters;
}

export function Enrol() {
  const [code, setCode] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);

  async function submit(event) {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      await enrol(code);
    } catch (error) {
      setProblem(error instanceof NoAnswer
        ? { title: t("silence.title"), advice: t("silence.advice") }
        : { title: error.title || t("error.unexpected"), advice: error.advice });
    } finally {
      setBusy(false);
    }
  }

  return html`<main class="door">
    <div class="door-card">
      <div class="door-mark"><${OsmMark} /></div>
      <h1>${t("enrol.title")}</h1>
      <p>${t("enrol.how")}</p>
      <form onSubmit=${submit}>
        <label for="code">${t("enrol.code")}</label>
        <input id="code" class="code-input" value=${code} placeholder="XXXX-XXXX" autocomplete="off"
          autocapitalize="characters" spellcheck=${false} autofocus
          aria-describedby="code-problem"
          onInput=${(event) => setCode(shaped(event.currentTarget.value))} />
        <div id="code-problem" role="alert">
          ${problem && html`<p class="tone-text-danger"><${Icon} name="warning" />
            <span><strong>${problem.title}</strong> ${problem.advice}</span></p>`}
        </div>
        <button class="primary-button" disabled=${busy || code.length <= LENGTH}>
          ${t("enrol.go")}
        </button>
      </form>
    </div>
    <${LanguageChoice} />
  </main>`;
}

export function Unreachable() {
  return html`<main class="door">
    <div class="door-card">
      <div class="door-mark"><${Icon} name="unplugged" large /></div>
      <h1>${t("silence.title")}</h1>
      <p>${t("silence.opening")}</p>
    </div>
  </main>`;
}
