import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

type Told<Label extends string> = { name: string; help: string; labels?: readonly Label[] }
type Collect<Instrument> = (instrument: Instrument) => Promise<void> | void

/** Makes instruments of one registry. With `collect` one is brought up to date each time somebody reads it. */
export function instrumentsOf(registry: Registry) {
  const common = <Label extends string>({ name, help, labels = [] }: Told<Label>) => ({
    ...{ name, help, labelNames: [...labels], registers: [registry] },
  })
  return {
    counter: <Label extends string = never>(told: Told<Label>, collect?: Collect<Counter<Label>>) => {
      const counter: Counter<Label> = new Counter({
        ...common(told),
        ...(collect && { collect: () => collect(counter) }),
      })
      return counter
    },
    gauge: <Label extends string = never>(told: Told<Label>, collect?: Collect<Gauge<Label>>) => {
      const gauge: Gauge<Label> = new Gauge({
        ...common(told),
        ...(collect && { collect: () => collect(gauge) }),
      })
      return gauge
    },
    /** `buckets` in the unit of the name. */
    histogram: <Label extends string = never>(told: Told<Label> & { buckets: number[] }) =>
      new Histogram<Label>({ ...common(told), buckets: told.buckets }),
  }
}

export type Instruments = ReturnType<typeof instrumentsOf>
