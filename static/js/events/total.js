// What the tickets chosen come to, as they are chosen. The server says it again on the next page.

import { formatCents } from "../money.js";

const form = document.querySelector(".order-form");
const line = form?.querySelector(".order-total");

function show() {
  let total = 0;
  let count = 0;
  for (const row of form.querySelectorAll(".order-rate")) {
    const wanted = Number(row.querySelector("select").value);
    count += wanted;
    total += wanted * Number(row.querySelector("[data-price]").dataset.price);
  }
  line.hidden = count === 0;
  line.querySelector("[data-total]").textContent = formatCents(total, document.documentElement.lang);
}

if (form) {
  form.addEventListener("change", show);
  // A page that comes back from history keeps what was chosen.
  window.addEventListener("pageshow", show);
}
