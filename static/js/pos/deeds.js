// One deed on a sale that already exists: what the server answers is learned, what it refuses is
// shown in its own words, and silence is said with a way to try again.

import { NoAnswer, post } from "../http.js";
import { t } from "../words.js";
import { takeBackSent } from "./collect.js";
import { tell } from "./payment.js";
import { COLLECT, go } from "./routes.js";
import { learn, pathOf } from "./sales.js";
import { lost, shiftNow } from "./session.js";
import { euros, notice } from "./state.js";
import { offerUndo } from "./undo.js";

/** `work` returns a promise of a sale, or of nothing. The same work, with the same keys, may run again. */
export async function attemptOnce(work) {
  const since = shiftNow();
  try {
    const sale = await work();
    if (sale?.key) learn(sale);
    return true;
  } catch (error) {
    if (error instanceof NoAnswer) {
      notice.value = {
        kind: "attention",
        title: t("silence.title"),
        advice: t("silence.not_sure"),
        again: () => attemptOnce(work),
      };
    } else if (error.status === 401) {
      lost(error, since);
    } else if (error.status) {
      tell(error);
    } else {
      throw error;
    }
    return false;
  }
}

/** Give up a sale nobody will pay: gone from the screen at once, told to the server when undo is over. */
export function abandon(sale) {
  go("");
  offerUndo({
    text: t("undo.sale", { amount: euros(sale.total_cents) }),
    undo: () => go(`sale/${sale.key}`),
    commit: () => attemptOnce(() => post(`/api/pos/sales/${sale.key}/cancel/`)),
  });
}

/** Give up the OSM request of a sale, to pay what it asked for in another way. */
export async function payOtherwise(sale) {
  const isDone = await attemptOnce(() => post(`${pathOf(sale.key)}/requests/cancel/`));
  if (!isDone || !sale.collection) return;
  takeBackSent(sale.key);
  go(COLLECT);
}
