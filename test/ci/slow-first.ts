import { BaseSequencer, type TestSpecification } from 'vitest/node'
import path from 'node:path'
import { SLOW_FILES } from './slow-files.ts'

const isSlow = ({ moduleId, project }: TestSpecification) =>
  path.relative(project.config.root, moduleId) in SLOW_FILES

/**
 * Vitest's own order, but in each project the files that are known to be slow come first: begun last, one of them would
 * run alone while the other workers have nothing left to do.
 */
export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const projects = new Set(sorted.map(({ project }) => project))
    return [...projects].flatMap((each) => {
      const own = sorted.filter(({ project }) => project === each)
      return [...own.filter(isSlow), ...own.filter((file) => !isSlow(file))]
    })
  }
}
