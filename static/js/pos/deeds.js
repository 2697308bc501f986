// One deed on a sale that already exists: what the server answers is learned, what it refuses is
// shown in its own words, and silence is said with a way to try again.

import { NoAnswer, post } from "../http.js";
import { t } from "../words.js";
import { takeBackSent } from "./collect.js";
import { tell } from "./payment.js";
import { COLLECT, go } from "./routes.js";
import { learn, pathOf, readSale } from "./sales.js";
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

/**
 * Give up a sale nobody will pay: gone from the screen at once, told to the server when undo is over.
 * Where the customer has seen a bill, `reason` is asked for first.
 */
export function abandon(sale, reason = "") {
  if (sale.bills && !reason) {
    go(`abandon/${sale.key}`);
    return;
  }
  go("");
  offerUndo({
    text: t("undo.sale", { amount: euros(sale.total_cents) }),
    undo: () => go(`sale/${sale.key}`),
    commit: () => attemptOnce(() => cancel(sale.key, reason)),
  });
}

async function cancel(key, reason) {
  try {
    return await post(`/api/pos/sales/${key}/cancel/`, { reason });
  } catch (error) {
    if (error.code !== "cancel_reason_needed") throw error;
    // Its bill was printed in the same moment, or at another till: ask after all.
    await readSale(key);
    go(`abandon/${key}`);
    return null;
  }
}

/** Give up the OSM request of a sale, to pay what it asked for in another way. */
export async function payOtherwise(sale) {
  const isDone = await attemptOnce(() => post(`${pathOf(sale.key)}/requests/cancel/`));
  if (!isDone || !sale.collection) return;
  takeBackSent(sale.key);
  go(COLLECT);
}
