import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { StoreUnavailable, type TableDefinition } from '../../src/aws/index.ts'
import { JobRepository, jobsTable } from '../../src/conversions/job-repository.ts'
import type { Clock } from '../../src/kernel/clock.ts'
import { ProgressRepository, progressTable } from '../../src/progress/index.ts'
import { PartRepository } from '../../src/uploads/part-repository.ts'
import { UploadRepository, uploadsTable } from '../../src/uploads/upload-repository.ts'
import { simDynamo } from '../simulation/clients.ts'
import { SimTable } from '../simulation/sim-table.ts'

const PREFIX = 'unit'

/** The real repositories on tables that are plain data, answered within the process. */
export class MemoryStores {
  readonly jobs: JobRepository
  readonly pages: ProgressRepository
  readonly uploads: UploadRepository
  readonly parts: PartRepository
  readonly tables: ReadonlyMap<string, SimTable>
  /** While true, no call is answered. */
  away = false
  #calls: string[] = []
  #held: Promise<void> | undefined

  constructor(clock: Pick<Clock, 'now'>) {
    const definitions = [jobsTable(PREFIX), progressTable(PREFIX), uploadsTable(PREFIX)]
    this.tables = new Map(definitions.map((definition) => [definition.name, tableOf(definition, clock)]))
    const db = this.#counted(simDynamo(this.tables, (act) => this.#carry(act)))
    this.jobs = new JobRepository(db, PREFIX)
    this.pages = new ProgressRepository(db, PREFIX)
    this.uploads = new UploadRepository(db, PREFIX)
    this.parts = new PartRepository(db, PREFIX)
  }

  /** What was asked of the stores since this was last called, in order: `jobs BatchGet`. */
  takeCalls(): string[] {
    return this.#calls.splice(0)
  }

  /** Holds all answers back, of calls that the store has served or refused; gives what lets them go. */
  holdAnswers(): () => void {
    const { promise, resolve } = Promise.withResolvers<undefined>()
    this.#held = promise
    return () => {
      this.#held = undefined
      resolve(undefined)
    }
  }

  async #carry<Answer>(act: () => Answer): Promise<Awaited<Answer>> {
    const answer = this.away ? new StoreUnavailable('state', new Error('away')) : await act()
    await this.#held
    if (answer instanceof StoreUnavailable) throw answer
    return answer
  }

  #counted(db: DynamoDBDocumentClient): DynamoDBDocumentClient {
    const send = db.send.bind(db) as (command: object) => Promise<object>
    const counted = (command: Command) => {
      const table = command.input.TableName ?? Object.keys(command.input.RequestItems ?? {})[0] ?? ''
      this.#calls.push(
        `${table.slice(PREFIX.length + 1)} ${command.constructor.name.replace(/Command$/, '')}`,
      )
      return send(command)
    }
    return Object.assign(db, { send: counted as DynamoDBDocumentClient['send'] })
  }
}

type Command = { input: { TableName?: string; RequestItems?: object } }

const tableOf = (definition: TableDefinition, { now }: Pick<Clock, 'now'>) =>
  new SimTable({
    definition,
    now,
    lag: () => 0,
    onWrite: () => undefined,
    ignoresConditions: false,
    forgets: () => false,
  })
