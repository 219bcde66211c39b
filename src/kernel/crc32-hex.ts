/** A CRC-32 as it is written everywhere here: 8 hex digits. */
export const crc32Hex = (crc: number): string => (crc >>> 0).toString(16).padStart(8, '0')
