import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { refuseUnreadable } from './refuse-unreadable.ts';

const server = createServer((_request, response) => response.end('fine'));
refuseUnreadable(server);
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => server.close());

/** All that is answered to these bytes. */
function say(...parts: string[]): Promise<string> {
	return new Promise((resolve) => {
		const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
		let heard = '';
		socket.on('data', (data) => (heard += data.toString()));
		socket.on('error', () => {});
		socket.on('close', () => resolve(heard));
		for (const part of parts) socket.write(part);
	});
}

test.each<[string, string, RegExp]>([
	[
		'an address of ten megabytes',
		`GET /v1/shape?where=${'x'.repeat(10 * 2 ** 20)} HTTP/1.1\r\n`,
		/^HTTP\/1\.1 431 /
	],
	[
		'headers of ten megabytes',
		`GET / HTTP/1.1\r\nX: ${'x'.repeat(10 * 2 ** 20)}\r\n`,
		/at most 16 KiB together/
	],
	['no HTTP', 'hello\r\n\r\n', /^HTTP\/1\.1 400 [^]*This is no HTTP request/]
])('%s is refused in words', async (_what, bytes, answer) => {
	expect(await say(bytes)).toMatch(answer);
});

test('a request is answered as ever', async () => {
	expect(await say('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).toMatch(
		/^HTTP\/1\.1 200 [^]*fine/
	);
});
