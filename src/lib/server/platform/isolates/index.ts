import { defineRoom } from '#kernel';
import { createIsolates } from './pool.ts';
import type { Isolates } from './types.ts';

export type * from './types.ts';
export { createIsolates } from './pool.ts';

/** The processes in which the code of modules runs. */
export const isolates = defineRoom<Isolates>({
	name: 'platform/isolates',
	start: (house) => createIsolates({ log: house.log }),
	stop: (service) => service.end()
});
