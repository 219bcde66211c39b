/** What a process tells Prometheus: values by name with labels, as they are written. */
export async function scrape(origin: string): Promise<Map<string, number>> {
  const answer = await fetch(`${origin}/metrics`)
  if (answer.status !== 200) throw new Error(`Metrics are answered with ${answer.status}.`)
  const lines = (await answer.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => {
      const end = line.lastIndexOf(' ')
      return [line.slice(0, end), Number(line.slice(end + 1))]
    }),
  )
}
