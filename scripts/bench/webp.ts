import type { Page } from "playwright-core";

/** Bytes of a picture in docs/images, at most. */
export const MOST = 200 * 1024;

/**
 * A PNG as WebP, a third of its bytes, in the best quality that is small enough: the browser has the encoder, and an empty
 * page no policy against it.
 */
export async function asWebp(page: Page, png: Buffer): Promise<Buffer> {
  await page.goto("about:blank");
  const webp = await page.evaluate(async (base64) => {
    const image = new Image();
    image.src = `data:image/png;base64,${base64}`;
    await image.decode();
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width: image.width, height: image.height });
    canvas.getContext("2d")?.drawImage(image, 0, 0);
    return [0.92, 0.85, 0.75, 0.65, 0.5].map((quality) => canvas.toDataURL("image/webp", quality).replace(/^.*,/, ""));
  }, png.toString("base64"));
  const sizes = webp.map((base64) => Buffer.from(base64, "base64"));
  return sizes.find(({ length }) => length <= MOST) ?? Buffer.concat(sizes);
}
