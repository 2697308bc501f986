// What a gate gives to eyes, ears and hand at once. Two notes up is yes, one low note twice is no;
// the vibration says the same to a hand that holds the telephone.

const NOTES = {
  ok: [[784, 0, 0.12], [1175, 0.12, 0.22]],
  danger: [[196, 0, 0.22], [196, 0.28, 0.34]],
  attention: [[440, 0, 0.18], [440, 0.26, 0.18]],
};
const PULSES = { ok: [80], danger: [220, 90, 220], attention: [120, 80, 120] };
export const SIGNS = {
  ok: "M4 12.5l5.5 5.5L20 6.5",
  danger: "M5 5l14 14M19 5L5 19",
  attention: "M12 4v10M12 19v.01",
  waiting: "M12 7v5l3 2M12 3a9 9 0 1 0 .01 0",
  ready: "M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M8 12h8",
};

let context = null;

/** A browser lets a page sound only after a touch. */
export function allowSound() {
  const Context = window.AudioContext;
  if (!Context || context) return;
  try {
    context = new Context();
  } catch {
    context = null;
  }
}

function note([frequency, start, length]) {
  const from = context.currentTime + start;
  const tone = context.createOscillator();
  const loudness = context.createGain();
  tone.type = "triangle";
  tone.frequency.value = frequency;
  loudness.gain.setValueAtTime(0, from);
  loudness.gain.linearRampToValueAtTime(0.4, from + 0.01);
  loudness.gain.exponentialRampToValueAtTime(0.0001, from + length);
  tone.connect(loudness).connect(context.destination);
  tone.start(from);
  tone.stop(from + length);
}

/** `tone` is ok, danger or attention. */
export function signal(tone) {
  navigator.vibrate?.(PULSES[tone] ?? []);
  if (!context) return;
  context.resume().catch(() => {});
  (NOTES[tone] ?? []).forEach(note);
}
