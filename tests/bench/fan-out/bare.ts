// The floor: holds every request and writes the same bytes to all of them when told.
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

let held: ServerResponse[] = [];
let change = 0;
const server = createServer((_request, response) => void held.push(response));
server.listen(0, '127.0.0.1', () =>
	process.send!({ kind: 'ready', port: (server.address() as AddressInfo).port })
);

process.on('message', (message) => {
	if (message === 'stop') process.exit();
	if (message === 'usage') {
		globalThis.gc?.();
		const { user, system } = process.cpuUsage();
		process.send!({ kind: 'done', rss: process.memoryUsage().rss, cpu: (user + system) / 1e6 });
	}
	if (message !== 'change') return;
	change++;
	const body = Buffer.from(
		`[{"key":"\\"tickets\\".\\"items\\"/\\"1\\"","value":{"id":"1","title":"${change}"},"headers":{}}]`
	);
	const headers = {
		'content-type': 'application/json',
		'content-length': String(body.length),
		'electric-offset': `${change}_1`
	};
	const answered = held;
	held = [];
	for (const response of answered) response.writeHead(200, headers).end(body);
});
