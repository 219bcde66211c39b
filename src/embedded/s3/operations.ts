import { createBucketOperations } from './bucket-operations.ts'
import type { Handler } from './call.ts'
import { createCorsOperations } from './cors-operations.ts'
import { createListObjects } from './list-objects.ts'
import { createMultipartLists } from './multipart-lists.ts'
import { createMultipartOperations } from './multipart-operations.ts'
import { createReadOperations } from './read-operations.ts'
import type { Operation } from './routes.ts'
import type { Store } from './store.ts'
import { createWriteOperations } from './write-operations.ts'

/** A handler for every operation in the table of routes. */
export const createOperations = (store: Store, region: string) =>
  ({
    ...createBucketOperations(store, region),
    ...createCorsOperations(store),
    ...createWriteOperations(store),
    ...createReadOperations(store),
    ...createMultipartOperations(store),
    ...createMultipartLists(store),
    listObjectsV2: createListObjects(store),
  }) satisfies Record<Operation, Handler>
