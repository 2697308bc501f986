// Money as people read and type it. Euro cents are integers; OSM units (10^-8) are BigInt, because
// a billion coins pass 2^53. The same rules as teraa/common/money.py: a test compares the two.

export const UNITS_PER_OSM = 100_000_000n;
const RATE_SCALE = 10_000_000_000n; // rate_e10 is euros per OSM times 10^10
const THIN_SPACE = "\u202f";
const NO_BREAK_SPACE = "\u00a0";
const MINUS = "\u2212";
export const MOST_CENTS = 10_000_000_00; // beyond ten million euros somebody leaned on the keyboard

function grouped(digits, separator) {
  return digits.replace(/\B(?=(\d{3})+$)/g, separator);
}

/** 1234 → "12,34 €" in French, "€12.34" in English. */
export function formatCents(cents, language) {
  const sign = cents < 0 ? MINUS : "";
  const digits = String(Math.abs(cents)).padStart(3, "0");
  const whole = digits.slice(0, -2);
  const fraction = digits.slice(-2);
  if (language.startsWith("fr")) {
    return `${sign}${grouped(whole, THIN_SPACE)},${fraction}${NO_BREAK_SPACE}€`;
  }
  return `${sign}€${grouped(whole, ",")}.${fraction}`;
}

/** "12550000000" → "125,50 OSM": two decimals at least, all that matter at most. */
export function formatOsm(units, language, symbol = "OSM") {
  const amount = BigInt(units);
  const magnitude = amount < 0n ? -amount : amount;
  const sign = amount < 0n ? MINUS : "";
  const whole = String(magnitude / UNITS_PER_OSM);
  const decimals = String(magnitude % UNITS_PER_OSM)
    .padStart(8, "0")
    .replace(/0+$/, "")
    .padEnd(2, "0");
  if (language.startsWith("fr")) {
    return `${sign}${grouped(whole, THIN_SPACE)},${decimals}${NO_BREAK_SPACE}${symbol}`;
  }
  return `${sign}${grouped(whole, ",")}.${decimals}${NO_BREAK_SPACE}${symbol}`;
}

/** Units of OSM that pay `cents` at `rateE10`, rounded up to `stepUnits`: never short of a fraction. */
export function osmUnitsFor(cents, rateE10, stepUnits) {
  const rate = BigInt(rateE10);
  const step = BigInt(stepUnits);
  if (cents < 0 || rate <= 0n || step <= 0n) {
    throw new RangeError("cents must not be negative; rate and step must be positive");
  }
  const numerator = BigInt(cents) * UNITS_PER_OSM * RATE_SCALE;
  const denominator = 100n * rate * step;
  return ((numerator + denominator - 1n) / denominator) * step;
}

/** 550 → "5,5 %". */
export function formatRate(rateBp, language) {
  const rest = rateBp % 100;
  const whole = (rateBp - rest) / 100;
  const fraction = String(rest).padStart(2, "0").replace(/0+$/, "");
  const point = language.startsWith("fr") ? "," : ".";
  return `${whole}${fraction && point + fraction}${NO_BREAK_SPACE}%`;
}

/** One more digit on a pad that types cents from the right; beyond the largest sum nothing moves. */
export function typeDigit(cents, digits) {
  const next = cents * 10 ** digits.length + Number(digits);
  return next > MOST_CENTS ? cents : next;
}
