import { spawn, spawnSync, type ChildProcess } from 'node:child_process'

type Run = {
  /** Folder that is to be `/`. */
  root: string
  directory: string
  env: Record<string, string>
  command: readonly string[]
}

/** What a base image sets. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Where the certificates that this machine trusts are seen inside, while a build runs. */
const CERTIFICATES = '/run/host-certificates.pem'

/** Mounts vanish with the namespace, whatever happens. */
const IN_NAMESPACE = ['--mount', '--pid', '--fork', '--kill-child', 'sh', '-euc']

const MOUNTS = 'mount --bind "$0" "$0"; mount -t proc proc "$0/proc"; mount --rbind /dev "$0/dev";'

/** Runs a command as root with the network of this machine: a step of a build. Throws when it fails. */
export function inRoot({ root, directory, env, command }: Run): void {
  const certificates = process.env['NODE_EXTRA_CA_CERTS']
  const script = [
    MOUNTS,
    'touch "$0/etc/resolv.conf"; mount --bind /etc/resolv.conf "$0/etc/resolv.conf";',
    certificates ? `touch "$0${CERTIFICATES}"; mount --bind "${certificates}" "$0${CERTIFICATES}";` : '',
    'exec chroot "$@"',
  ].join(' ')
  const inside = {
    ...{ PATH, HOME: '/root', DEBIAN_FRONTEND: 'noninteractive' },
    ...(certificates && { NODE_EXTRA_CA_CERTS: CERTIFICATES }),
    ...env,
  }
  const { status } = spawnSync(
    'unshare',
    [...IN_NAMESPACE, script, root, root, ...inDirectory(directory, inside), ...command],
    { stdio: ['ignore', 2, 2] },
  )
  if (status !== 0) throw new Error(`status ${status ?? '?'}: ${command.join(' ')}`)
}

/** How a container is run: who it is, and the one folder it may write to. */
export type Confinement = Run & { user: string; volume: { host: string; inside: string } }

/**
 * Runs a command as the compose files say: read-only root, one volume, a user without any capability and no way to get
 * one. The network is that of this machine.
 */
export function confined(run: Confinement): ChildProcess {
  const { root, directory, env, command, user, volume } = run
  const [uid = '', gid = uid] = user.split(':')
  const script = [
    MOUNTS,
    `mount --bind "${volume.host}" "$0${volume.inside}";`,
    'mount -o remount,bind,ro "$0"; exec chroot "$@"',
  ].join(' ')
  const drop =
    uid === '0'
      ? []
      : [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--inh-caps=-all', '--bounding-set=-all']
  return spawn(
    'unshare',
    [
      ...[...IN_NAMESPACE, script, root, root, 'setpriv', '--no-new-privs', ...drop],
      ...inDirectory(directory, { PATH, HOME: '/home/node', ...env }),
      ...command,
    ],
    { stdio: ['ignore', 'pipe', 2] },
  )
}

const inDirectory = (directory: string, env: Record<string, string>) => [
  ...['env', '-i', `--chdir=${directory}`],
  ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
]
