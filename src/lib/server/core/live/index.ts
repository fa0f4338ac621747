import { join } from 'node:path';
import { defineRoom } from '#kernel';
import { config } from '#platform/config';
import { postgres } from '#platform/postgres';
import { views } from '#core/views';
import { createLive, type Live } from './live.ts';

export {
	createLive,
	liveLimits,
	type Live,
	type LiveLimits,
	type LiveParts,
	type SnapshotChunk
} from './live.ts';
export { rowCap } from './page-rows.ts';
export type {
	Gone,
	LogPage,
	ReadOptions,
	ResolvedShape,
	ShapeRequest,
	ShapeRows,
	Subset,
	Waiter
} from './types.ts';

/** Shapes: what each reader may see of a view, and its changes as they happen. */
export const live = defineRoom<Live>({
	name: 'core/live',
	start: (house) =>
		createLive({
			views: house.use(views),
			postgres: house.use(postgres),
			log: house.log,
			directory: join(house.use(config).dataDir, 'live')
		}),
	stop: (service) => service.close()
});
