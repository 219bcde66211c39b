import { BaseSequencer, type TestSpecification } from 'vitest/node'
import path from 'node:path'
import { SLOW_FILES } from './slow-files.ts'

const isSlow = ({ moduleId, project }: TestSpecification) =>
  path.relative(project.config.root, moduleId) in SLOW_FILES

/**
 * Projects in the order of the configuration, and in each of them the files that are known to be slow first, the others
 * in Vitest's own order: begun last, a slow file would run alone while the other workers have nothing left to do.
 */
export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return this.ctx.projects.flatMap((each) => {
      const own = sorted.filter(({ project }) => project === each)
      return [...own.filter(isSlow), ...own.filter((file) => !isSlow(file))]
    })
  }
}
