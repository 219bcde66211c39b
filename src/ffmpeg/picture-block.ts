/** MIME types of the pictures a cover can be, by FFmpeg's names of their codecs. */
const MIME_TYPES: Record<string, string> = { mjpeg: 'image/jpeg', png: 'image/png' }

const FRONT_COVER = 3

/** Whether a picture of this codec can be written as a picture block. */
export const isPicture = (codec: string): boolean => codec in MIME_TYPES

/**
 * A picture as METADATA_BLOCK_PICTURE, the tag by which Ogg files carry covers: a FLAC picture block (RFC 9639, 8.8) in
 * base64. Sizes and colours are told as 0, unknown, as the RFC allows; readers take them from the picture.
 */
export function pictureBlock(picture: Buffer, codec: string): string {
  const mimeType = Buffer.from(MIME_TYPES[codec] ?? 'image/', 'ascii')
  const number = (value: number) => {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(value)
    return bytes
  }
  const unknown = Array.from({ length: 5 }, () => number(0)) // description, width, height, depth, colours
  const head = [number(FRONT_COVER), number(mimeType.length), mimeType, ...unknown]
  return Buffer.concat([...head, number(picture.length), picture]).toString('base64')
}
