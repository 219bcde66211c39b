import { ApiProblem } from '../api-problem.ts'
import { tabStorage } from '../storage.ts'
import type { PassView } from '../../../src/contract/access.ts'
import { createAccess, KeyRefused } from './access.ts'

const root = () => new URL('./', document.baseURI).href

async function askForPass(key: string): Promise<PassView> {
  const headers = { Authorization: `Bearer ${key}` }
  const response = await fetch(new URL('api/pass', root()), { method: 'POST', headers })
  if (response.status === 401) throw new KeyRefused()
  if (!response.ok) throw new ApiProblem(response.status, 'refused', `The server answered ${response.status}`)
  return (await response.json()) as PassView
}

/** This tab's way into the server. */
export const access = createAccess({
  storage: tabStorage(),
  name: () => `tapedeck key ${root()}`,
  askForPass,
  now: () => Date.now(),
  later: (run, ms) => void setTimeout(run, ms),
})
export { KeyRefused } from './access.ts'
