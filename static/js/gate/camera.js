// Codes through the camera, where the browser itself can read them. Elsewhere a hand scanner or the
// short code under the QR does it.

const LOOK_EVERY_MS = 120;
const SAME_CODE_MS = 4000;

export async function canRead() {
  if (!("BarcodeDetector" in window) || !navigator.mediaDevices?.getUserMedia) return false;
  try {
    return (await window.BarcodeDetector.getSupportedFormats()).includes("qr_code");
  } catch {
    return false;
  }
}

/** Show the camera in `video` and call `onCode(text)`; returns {stop}. Throws when it may not. */
export async function watch(video, onCode) {
  const stream = await navigator.mediaDevices.getUserMedia({
    video: { facingMode: "environment", width: { ideal: 1280 } },
    audio: false,
  });
  const detector = new window.BarcodeDetector({ formats: ["qr_code"] });
  let last = { text: "", at: 0 };
  let stopped = false;
  video.srcObject = stream;
  video.hidden = false;
  await video.play();

  async function look() {
    if (stopped) return;
    try {
      const [found] = await detector.detect(video);
      const now = performance.now();
      // One ticket held before the camera is one scan, however often it is seen.
      if (found && (found.rawValue !== last.text || now - last.at > SAME_CODE_MS)) {
        last = { text: found.rawValue, at: now };
        onCode(found.rawValue);
      } else if (found) {
        last.at = now;
      }
    } catch {
      // A frame that could not be read; the next one may be.
    }
    setTimeout(look, LOOK_EVERY_MS);
  }
  look();

  return {
    stop() {
      stopped = true;
      for (const track of stream.getTracks()) track.stop();
      video.srcObject = null;
      video.hidden = true;
    },
  };
}
