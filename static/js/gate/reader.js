// What finds a QR in a picture: the browser itself where it can (Android, macOS), else a WebAssembly
// module from our own address, fetched when a camera is first used and not before.

// A ticket fills a good part of the picture: more points only cost time.
const WIDEST = 960;

async function canBrowserRead() {
  try {
    return (await window.BarcodeDetector.getSupportedFormats()).includes("qr_code");
  } catch {
    return false; // there is none, or one without any format behind it
  }
}

/** Return `read(video)`, which answers with all texts now in view. Throws when nothing can read. */
export async function makeReader(address) {
  if (await canBrowserRead()) {
    const detector = new window.BarcodeDetector({ formats: ["qr_code"] });
    return async (video) => (await detector.detect(video)).map((found) => found.rawValue);
  }
  const { prepareZXingModule, readBarcodes } = await import(address);
  const folder = new URL("../../reader/", new URL(address, location.href));
  // Without this the module would ask a host of its own choice for its other half.
  const overrides = { locateFile: (file) => new URL(file, folder).href };
  await prepareZXingModule({ overrides, fireImmediately: true });
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  return async (video) => {
    const scale = Math.min(1, WIDEST / video.videoWidth);
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    pen.drawImage(video, 0, 0, canvas.width, canvas.height);
    const picture = pen.getImageData(0, 0, canvas.width, canvas.height);
    const found = await readBarcodes(picture, { formats: ["QRCode"], maxNumberOfSymbols: 4 });
    return found.map((one) => one.text);
  };
}
