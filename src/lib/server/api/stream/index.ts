import { defineRoom } from '#kernel';
import { config } from '#platform/config';
import { identity } from '#core/identity';
import { live } from '#core/live';
import { tenancy } from '#core/tenancy';
import { createStream, type Stream } from './stream.ts';

export { createStream, type Stream, type StreamParts } from './stream.ts';
export { connectionLimits, type ConnectionLimits } from './connection.ts';
export { protocolTimers, type Timers } from './timers.ts';

/** Shapes over HTTP, and over one connection a browser. */
export const stream = defineRoom<Stream>({
	name: 'api/stream',
	start: (house) =>
		createStream({
			live: house.use(live),
			tenancy: house.use(tenancy),
			identity: house.use(identity),
			log: house.log,
			origin: house.use(config).origin,
			deletion: house.use(config).shapeDeletion
		}),
	stop: (service) => service.close()
});
