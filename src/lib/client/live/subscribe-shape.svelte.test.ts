import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Carrier, CarrierListener } from './carrier.ts';
import type { LiveShape } from './types.ts';
import type { WireResponse } from './wire.ts';

const asked: { url: URL; answer(status: number, headers: object, messages: unknown[]): void }[] = [];
let listener: CarrierListener;
vi.mock('./carrier.ts', () => ({
	openCarrier(given: CarrierListener): Carrier {
		listener = given;
		return {
			fetch: (request) =>
				new Promise<WireResponse>((resolve) =>
					asked.push({
						url: new URL(request.url),
						answer: (status, headers, messages) =>
							resolve({ status, headers: headers as Record<string, string>, body: JSON.stringify(messages) })
					})
				),
			watch() {},
			actAs() {},
			close() {}
		};
	}
}));
const { connection } = await import('./connection.ts');
const { subscribeShape } = await import('./subscribe-shape.ts');

const schema = JSON.stringify({ id: { type: 'int4' }, done: { type: 'bool' } });
const head = (offset: string, more: object = {}) => ({
	'content-type': 'application/json',
	'electric-handle': 'h',
	'electric-offset': offset,
	'electric-schema': schema,
	...more
});
const live = { 'electric-up-to-date': '' };
const upToDate = { headers: { control: 'up-to-date', global_last_seen_lsn: '5' } };
const row = (operation: string, id: number, done: string) => ({
	key: `k${id}`,
	value: { id: String(id), done },
	headers: { operation }
});

let next = 0;
async function nextRequest() {
	await vi.waitFor(() => expect(asked.length).toBeGreaterThan(next));
	return asked[next++]!;
}

let status = '';
let stop: () => void;
let shape: LiveShape;
beforeEach(({ task }) => {
	// The client remembers shapes for longer than a test.
	shape = { ...anyShape, table: `tickets.${task.id.replace(/\W/g, '_')}` };
	next = asked.length;
	status = '';
	stop = connection.subscribe((shown) => (status = shown));
});
afterEach(() => stop());

function listen() {
	return { onChange: vi.fn(), onReset: vi.fn(), onStatus: vi.fn() };
}

const anyShape = {
	project: 'home/main',
	table: 'tickets.items',
	where: 'id = $1',
	params: { 1: '7' },
	columns: ['id', 'a"b']
};

test('without a start the rows come first, whole, with their values parsed', async () => {
	const seen = listen();
	const { close } = subscribeShape(shape, undefined, seen);
	const first = await nextRequest();
	expect(Object.fromEntries(first.url.searchParams)).toMatchObject({
		project: 'home/main',
		table: shape.table,
		where: 'id = $1',
		'params[1]': '7',
		columns: '"id","a""b"',
		replica: 'full',
		offset: '-1'
	});
	first.answer(200, head('0_inf'), [row('insert', 1, 't')]);
	const second = await nextRequest();
	expect(seen.onReset).not.toHaveBeenCalled();
	second.answer(200, head('5_0', live), [row('insert', 2, 'f'), upToDate]);
	await vi.waitFor(() => expect(seen.onReset).toHaveBeenCalledOnce());
	expect(seen.onReset).toHaveBeenCalledWith([
		{ key: 'k1', value: { id: 1, done: true } },
		{ key: 'k2', value: { id: 2, done: false } }
	]);
	expect(seen.onChange).not.toHaveBeenCalled();
	expect(seen.onStatus).toHaveBeenLastCalledWith('live');
	close();
});

test('with a start it goes on from there, and tells of whole transactions alone', async () => {
	const seen = listen();
	const { close } = subscribeShape(shape, { handle: 'h', offset: '5_0', rows: [] }, seen);
	const first = await nextRequest();
	expect(first.url.searchParams.get('offset')).toBe('5_0');
	first.answer(200, head('6_1'), [row('update', 1, 't')]);
	const second = await nextRequest();
	expect(seen.onChange).not.toHaveBeenCalled();
	second.answer(200, head('6_2', live), [row('delete', 2, 'f'), upToDate]);
	await vi.waitFor(() => expect(seen.onChange).toHaveBeenCalledOnce());
	expect(seen.onChange.mock.calls[0]![0]).toEqual([
		{ operation: 'update', key: 'k1', value: { id: 1, done: true }, seq: 0n },
		{ operation: 'delete', key: 'k2', value: { id: 2, done: false }, seq: 0n }
	]);
	expect(seen.onReset).not.toHaveBeenCalled();
	close();
});

test('what must begin anew is told as one reset', async () => {
	const seen = listen();
	const { close } = subscribeShape(shape, { handle: 'h', offset: '5_0', rows: [] }, seen);
	(await nextRequest()).answer(409, head('', { 'electric-handle': 'h2' }), [
		{ headers: { control: 'must-refetch' } }
	]);
	const again = await nextRequest();
	expect(again.url.searchParams.get('offset')).toBe('-1');
	again.answer(200, head('9_1', { ...live, 'electric-handle': 'h2' }), [row('insert', 3, 't'), upToDate]);
	await vi.waitFor(() =>
		expect(seen.onReset).toHaveBeenCalledWith([{ key: 'k3', value: { id: 3, done: true } }])
	);
	close();
});

test('a refusal is told with its reason, and nothing is asked any more', async () => {
	const seen = listen();
	const { close } = subscribeShape(shape, undefined, seen);
	(await nextRequest()).answer(403, { 'content-type': 'application/json' }, {
		message: 'Ask for a role.'
	} as never);
	await vi.waitFor(() =>
		expect(seen.onStatus).toHaveBeenLastCalledWith('refused', { status: 403, message: 'Ask for a role.' })
	);
	close();
	await new Promise((resolve) => setTimeout(resolve, 50));
	expect(asked.length).toBe(next);
});

test('the status of the page is that of its connection and of its shapes', async () => {
	const seen = listen();
	const { close } = subscribeShape(shape, { handle: 'h', offset: '5_0', rows: [] }, seen);
	listener.onState('open');
	expect(status).toBe('catching-up');
	(await nextRequest()).answer(200, head('5_0', live), [upToDate]);
	await vi.waitFor(() => expect(status).toBe('live'));
	listener.onState('offline');
	expect([status, seen.onStatus.mock.lastCall![0]]).toEqual(['offline', 'offline']);
	listener.onState('open');
	expect([status, seen.onStatus.mock.lastCall![0]]).toEqual(['live', 'live']);
	close();
});
