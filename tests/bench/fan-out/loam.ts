// core/live and api/stream over a view in memory: what a change costs from the journal to the sockets.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { silentLogger } from '#kernel';
import { createLive } from '#core/live';
import { createStream } from '#api/stream';
import { memoryHouse } from './memory-house.ts';

const { views, postgres, tenancy, identity, change } = memoryHouse();
const live = await createLive({
	views,
	postgres,
	log: silentLogger,
	directory: join(tmpdir(), 'loam-fan-out')
});
const stream = createStream({ live, tenancy, identity, log: silentLogger, origin: 'http://localhost' });
const server = createServer((request, response) => void stream.handle(request, response));
server.listen(0, '127.0.0.1', () =>
	process.send!({ kind: 'ready', port: (server.address() as AddressInfo).port })
);

process.on('message', (message) => {
	if (message === 'stop') process.exit();
	if (message === 'change') change();
	if (message === 'usage') {
		globalThis.gc?.();
		const { user, system } = process.cpuUsage();
		process.send!({ kind: 'done', rss: process.memoryUsage().rss, cpu: (user + system) / 1e6 });
	}
});
