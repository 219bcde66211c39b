import { isIP } from 'node:net'

/** What stands between commas. */
export const listed = (text: string): string[] =>
  text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')

/** Whether it is a list of IP addresses and CIDR ranges (RFC 4632). */
export const isAddressList = (text: string): boolean => listed(text).every(isAddress)

function isAddress(text: string): boolean {
  const [address = '', bits = '0', ...rest] = text.split('/')
  const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1
  return rest.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= most
}

/** Whether it is a list of origins (RFC 6454: scheme, host and port, nothing behind), or `*`. */
export const isOriginList = (text: string): boolean =>
  text.trim() === '*' || listed(text).every((one) => URL.canParse(one) && new URL(one).origin === one)
