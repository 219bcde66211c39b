/**
 * Where a browser on this machine finds a server that listens on `host`. Addresses that stand for all of a machine lead
 * nowhere on some systems, and an IPv6 address needs brackets (RFC 3986, 3.2.2).
 */
export function addressOf(host: string, port: number): string {
  const isLocal = ['127.0.0.1', '0.0.0.0', '::'].includes(host)
  const name = isLocal ? 'localhost' : host.includes(':') ? `[${host}]` : host
  return `http://${name}:${port}`
}
