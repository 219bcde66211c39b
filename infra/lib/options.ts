import { RetentionDays } from 'aws-cdk-lib/aws-logs'
import { z } from 'zod'

const flag = z.union([z.boolean(), z.stringbool()])
const whole = (min: number, max: number) => z.coerce.number().int().min(min).max(max)
const GIB = 1024

/** Task sizes that Fargate has, in CPU units (1024: one core), with the memory each goes with (ECS: "Task size"). */
const MEMORY_GIB: Record<number, { least: number; most: number }> = {
  256: { least: 0.5, most: 2 },
  512: { least: 1, most: 4 },
  1024: { least: 2, most: 8 },
  2048: { least: 4, most: 16 },
  4096: { least: 8, most: 30 },
  8192: { least: 16, most: 60 },
  16384: { least: 32, most: 120 },
}

const size = (cpu: number, memoryMiB: number) =>
  z
    .object({ cpu: z.coerce.number(), memoryMiB: z.coerce.number() })
    .refine(isTaskSize, 'Invalid input: expected a CPU and memory that Fargate has together')
    .default({ cpu, memoryMiB })

function isTaskSize({ cpu, memoryMiB }: { cpu: number; memoryMiB: number }): boolean {
  const range = MEMORY_GIB[cpu]
  return range !== undefined && memoryMiB >= range.least * GIB && memoryMiB <= range.most * GIB
}

const count = (min: number, max: number) =>
  z
    .object({ min: whole(1, 1000), max: whole(1, 1000) })
    .refine(({ min, max }) => min <= max, 'Invalid input: expected min to be at most max')
    .default({ min, max })

/** What an operator may choose, as CDK context: `-c name=value`, or below `context` in cdk.json. */
const Shape = z.object({
  /** What runs the program: nothing (tables and bucket alone), ECS, or App Runner with workers on ECS. */
  compute: z.enum(['none', 'ecs', 'app-runner']).default('ecs'),
  /** API and workers as services of their own, or both in each process. */
  services: z.enum(['split', 'all']).default('split'),
  /** Tables are `<prefix>-jobs` and so on, stacks `<prefix>-state` and so on. */
  prefix: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,39}$/)
    .default('tapedeck'),
  bucketName: z.string().min(3).max(63).optional(),
  /** Whether tables and load balancer refuse to be deleted. Tables and bucket stay when the stack goes, in any case. */
  deletionProtection: flag.default(true),
  /** `RETENTION_HOURS` of the program. */
  retentionHours: whole(1, 24 * 365).default(24),
  /** Image of the program, as `<registry>/<name>:<tag>`. */
  image: z
    .string()
    .regex(/^\S+:\S+$/, 'Invalid input: expected an image with its tag')
    .optional(),
  api: count(1, 4),
  workers: count(1, 8),
  apiSize: size(1024, 2048),
  workerSize: size(4096, 8192),
  /** Room for temporary files of a task in GiB: source and result of each job that runs there (Fargate has 21 to 200). */
  temporaryGiB: whole(21, 200).default(50),
  /** Whether the load balancer is on the internet; else only the VPC and what is tied to it reach it. */
  internetFacing: flag.default(false),
  /** Who may call it, as a CIDR range; the VPC if it is not on the internet, or everybody. */
  allowFrom: z.cidrv4().optional(),
  /** Certificate of the load balancer; without one it speaks HTTP. */
  certificateArn: z.string().startsWith('arn:').optional(),
  /** Secret of Secrets Manager whose text is `ADMIN_KEY`. */
  adminKeySecretArn: z.string().startsWith('arn:').optional(),
  /** Any other variables of the program. */
  settings: z.record(z.string(), z.string()).default({}),
  /** Who is told of alarms. */
  alarmEmail: z.email().optional(),
  /** A job that has waited so long is an alarm. */
  oldestQueuedMinutes: whole(1, 24 * 60).default(15),
  /** So many failed jobs in five minutes are an alarm. */
  failedJobs: whole(1, 100_000).default(5),
  /** Days that log lines are kept: one of the numbers that CloudWatch knows. */
  logDays: z.coerce.number().pipe(z.enum(RetentionDays)).default(RetentionDays.ONE_MONTH),
})

export type Options = z.infer<typeof Shape>

/** Throws one error that names every option with a wrong value. Objects may be given as JSON. */
export function readOptions(get: (name: string) => unknown): Options {
  const given = Object.keys(Shape.shape).map((name) => [name, parsed(get(name))])
  const { data, error } = Shape.safeParse(Object.fromEntries(given))
  if (data) return data
  throw new Error(
    `Invalid options:\n${error.issues.map(({ path, message }) => `  - ${path.join('.')}: ${message}`).join('\n')}`,
  )
}

const parsed = (value: unknown): unknown =>
  typeof value === 'string' && value.startsWith('{') ? JSON.parse(value) : value
