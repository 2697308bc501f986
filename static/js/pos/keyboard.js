// The till without a finger: Enter goes towards the money, Escape goes back, plus and minus change
// the line touched last. Panes with a pad take the digits themselves.

import { isPaying, isSheetUp } from "./basket.js";
import { add, entries, takeOne, touched } from "./cart.js";
import { isMenuOpen } from "./menu-state.js";
import { isOpen, share, unsent } from "./payment.js";
import { isTyping } from "./pieces.js";
import { COLLECT, go, placeOf, route } from "./routes.js";
import { narrow, notice, stage } from "./state.js";
import { offer, takeBack } from "./undo.js";

function escape() {
  if (isMenuOpen.value) {
    isMenuOpen.value = false;
  } else if (notice.value) {
    notice.value = null;
  } else if (isSheetUp.value || isPaying.value) {
    isSheetUp.value = false;
    isPaying.value = false;
  } else {
    const { name, key } = route.value;
    share.value = null;
    if (name === "detail") go("sales");
    else if (key && name !== "sale" && name !== COLLECT) go(placeOf(key));
    else go("");
  }
}

function pressed(event) {
  if (stage.value !== "open" || unsent.value || event.altKey || event.metaKey) return;
  if (event.ctrlKey) {
    if (event.key === "z" && offer.value && !isTyping(event)) {
      takeBack();
      event.preventDefault();
    }
    return;
  }
  if (event.key === "Escape") {
    escape();
    event.preventDefault();
    return;
  }
  if (isTyping(event) || route.value.name !== "sell" || !entries.value.length) return;
  if (event.key === "Enter" && !event.target.closest?.("button, a")) {
    isPaying.value = true;
    if (narrow.value) isSheetUp.value = true;
    event.preventDefault();
  } else if (isOpen.value && touched.value && (event.key === "+" || event.key === "-")) {
    if (event.key === "+") add(touched.value);
    else takeOne(touched.value);
    event.preventDefault();
  }
}

export function listenToKeys() {
  document.addEventListener("keydown", pressed);
}
