// A till that practises says so all the time: nobody may take a training till for a real one.

import { post } from "../http.js";
import { t } from "../words.js";
import { attemptOnce } from "./deeds.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { isMenuOpen } from "./menu-state.js";
import { go } from "./routes.js";
import { forgetAll, readRecent } from "./sales.js";
import { readBoot } from "./session.js";
import { boot, may } from "./state.js";

export const isTraining = () => boot.value?.training === true;

async function toggle() {
  isMenuOpen.value = false;
  const on = !isTraining();
  await attemptOnce(async () => {
    await post("/api/pos/training/", { on });
    boot.value = { ...boot.value, training: on };
    // The last sales are those of the other world now.
    forgetAll();
    go("");
    await Promise.all([readRecent(), readBoot()]);
  });
}

export function TrainingItem() {
  if (!may("train")) return null;
  return html`<button type="button" class="menu-item" data-act="training" aria-pressed=${isTraining()} onClick=${toggle}>
    <${Icon} name="eye" />${isTraining() ? t("training.end") : t("training.begin")}</button>`;
}

export function TrainingBanner() {
  if (!isTraining()) return null;
  return html`<p class="training-banner" role="status"><${Icon} name="warning" />
    <strong>${t("training.word")}</strong> <span>${t("training.means")}</span></p>`;
}
