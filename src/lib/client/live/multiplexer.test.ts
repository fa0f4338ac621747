import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Multiplexer } from './multiplexer.ts';
import { PageDesk } from './page-desk.ts';
import type {
	CarrierState,
	LiveEvent,
	PageMessage,
	WireRequest,
	WireResponse,
	WorkerMessage
} from './wire.ts';

/** The server's end of a WebSocket that never was. */
class FakeSocket {
	onopen: (() => void) | undefined;
	onmessage: ((event: { data: string }) => void) | undefined;
	onclose: (() => void) | undefined;
	readonly sent: Record<string, unknown>[] = [];

	send(text: string): void {
		this.sent.push(JSON.parse(text) as Record<string, unknown>);
	}
	close(): void {
		this.onclose?.();
	}
	answer(id: number, body = 'answer', status = 200): void {
		this.onmessage?.({ data: JSON.stringify({ id, status, headers: {}, body }) });
	}
}

let sockets: FakeSocket[];
let states: CarrierState[];
let events: LiveEvent[];
let direct: ReturnType<typeof vi.fn<(request: WireRequest, signal: AbortSignal) => Promise<WireResponse>>>;
let multiplexer: Multiplexer;

beforeEach(() => {
	vi.useFakeTimers();
	[sockets, states, events] = [[], [], []];
	direct = vi.fn(() => Promise.reject(new TypeError('no network')));
	multiplexer = new Multiplexer({
		url: 'ws://loam/v1/live',
		open() {
			sockets.push(new FakeSocket());
			return sockets.at(-1) as never;
		},
		direct,
		onState: (state) => states.push(state),
		onEvent: (event) => events.push(event)
	});
});
afterEach(() => vi.useRealTimers());

const request = (path: string): WireRequest => ({ url: `http://loam${path}`, headers: {} });

describe('the multiplexer', () => {
	test('sends what was asked before it was open, and matches answers in any order', async () => {
		const one = multiplexer.fetch(request('/v1/shape?a=1'));
		sockets[0]!.onopen!();
		const two = multiplexer.fetch(request('/v1/shape?a=2'));
		expect(sockets[0]!.sent).toEqual([
			{ id: 1, method: 'GET', url: '/v1/shape?a=1', headers: {} },
			{ id: 2, method: 'GET', url: '/v1/shape?a=2', headers: {} }
		]);
		sockets[0]!.answer(2, 'second');
		sockets[0]!.answer(1, 'first');
		expect([(await one).body, (await two).body]).toEqual(['first', 'second']);
	});

	test('asks once for what is asked twice at a time', async () => {
		sockets[0]!.onopen!();
		const both = Promise.all([multiplexer.fetch(request('/a')), multiplexer.fetch(request('/a'))]);
		expect(sockets[0]!.sent).toHaveLength(1);
		sockets[0]!.answer(1);
		expect((await both).map(({ body }) => body)).toEqual(['answer', 'answer']);
		void multiplexer.fetch(request('/a'));
		expect(sockets[0]!.sent).toHaveLength(2);
	});

	test('cancels when the last who asked has left', async () => {
		sockets[0]!.onopen!();
		const [first, second] = [new AbortController(), new AbortController()];
		const left = multiplexer.fetch(request('/a'), first.signal);
		const alsoLeft = multiplexer.fetch(request('/a'), second.signal);
		first.abort();
		await expect(left).rejects.toMatchObject({ name: 'AbortError' });
		expect(sockets[0]!.sent).toHaveLength(1);
		second.abort();
		await expect(alsoLeft).rejects.toMatchObject({ name: 'AbortError' });
		expect(sockets[0]!.sent.at(-1)).toEqual({ cancel: 1 });
	});

	test('asks again over the next connection for what is still open, and watches again', async () => {
		sockets[0]!.onopen!();
		multiplexer.watch([{ project: 'home/main', module: 'tickets' }]);
		const open = multiplexer.fetch(request('/a'));
		sockets[0]!.close();
		expect(states).toEqual(['open', 'offline']);
		await vi.advanceTimersByTimeAsync(300);
		sockets[1]!.onopen!();
		expect(states.at(-1)).toBe('open');
		expect(sockets[1]!.sent).toEqual([
			{ watch: [{ project: 'home/main', module: 'tickets' }] },
			{ id: 1, method: 'GET', url: '/a', headers: {} }
		]);
		sockets[1]!.answer(1);
		expect((await open).body).toBe('answer');
	});

	test('waits longer before every attempt, to a bound', async () => {
		for (let n = 0; n < 30; n++) {
			sockets.at(-1)!.close();
			await vi.advanceTimersByTimeAsync(10_000);
			expect(sockets).toHaveLength(n + 2);
		}
		expect(states).toEqual(['offline']);
	});

	test('gives the refusal to who asked where the server answers but gives no connection', async () => {
		direct.mockResolvedValue({ status: 401, headers: {}, body: 'sign in' });
		const open = multiplexer.fetch(request('/v1/shape?offset=5_0&live=true'));
		sockets[0]!.close();
		await vi.advanceTimersByTimeAsync(300);
		sockets[1]!.close();
		await vi.advanceTimersByTimeAsync(0);
		expect((await open).status).toBe(401);
		expect(direct.mock.calls[0]![0].url).toBe('http://loam/v1/shape?offset=5_0');
		expect(states.at(-1)).toBe('direct');
	});

	test('sends requests alone where no connection is to be had, and tries again later', async () => {
		direct.mockResolvedValue({ status: 200, headers: {}, body: 'alone' });
		const open = multiplexer.fetch(request('/a'));
		sockets[0]!.close();
		await vi.advanceTimersByTimeAsync(300);
		sockets[1]!.close();
		await vi.advanceTimersByTimeAsync(0);
		expect((await open).body).toBe('alone');
		expect((await multiplexer.fetch(request('/b'))).body).toBe('alone');
		const before = sockets.length;
		await vi.advanceTimersByTimeAsync(31_000);
		expect(sockets.length).toBeGreaterThan(before);
		sockets.at(-1)!.onopen!();
		expect(states.at(-1)).toBe('open');
	});

	test('is made anew for another person, and for no other reason', async () => {
		sockets[0]!.onopen!();
		multiplexer.actAs('ada');
		multiplexer.actAs('ada');
		expect(sockets).toHaveLength(1);
		const open = multiplexer.fetch(request('/a'));
		multiplexer.actAs('bob');
		expect(sockets).toHaveLength(2);
		sockets[1]!.onopen!();
		expect(sockets[1]!.sent).toHaveLength(1);
		sockets[1]!.answer(1);
		expect((await open).body).toBe('answer');
		await vi.advanceTimersByTimeAsync(60_000);
		expect(sockets).toHaveLength(2);
	});

	test('closes: nothing is left open', async () => {
		sockets[0]!.onopen!();
		const open = multiplexer.fetch(request('/a'));
		multiplexer.close();
		await expect(open).rejects.toBeInstanceOf(TypeError);
		await vi.advanceTimersByTimeAsync(60_000);
		expect(sockets).toHaveLength(1);
	});
});

describe('the desk of the shared worker', () => {
	function join(desk: PageDesk) {
		const told: WorkerMessage[] = [];
		const port = {
			onmessage: null as ((event: MessageEvent<PageMessage>) => void) | null,
			postMessage: (message: WorkerMessage) => told.push(message),
			close() {}
		};
		desk.join(port as never);
		const say = (message: PageMessage) => port.onmessage!({ data: message } as MessageEvent<PageMessage>);
		return { told, say };
	}

	function openDesk() {
		const desk = new PageDesk(
			(listener) =>
				new Multiplexer({
					url: 'ws://loam/v1/live',
					open() {
						sockets.push(new FakeSocket());
						return sockets.at(-1) as never;
					},
					direct,
					...listener
				})
		);
		const socket = sockets.at(-1)!;
		socket.onopen!();
		return { desk, socket };
	}

	test('gives each page its own answers', async () => {
		const { desk, socket } = openDesk();
		const [one, two] = [join(desk), join(desk)];
		one.say({ kind: 'fetch', id: 1, request: request('/a') });
		two.say({ kind: 'fetch', id: 1, request: request('/b') });
		socket.answer(2, 'of two');
		await vi.advanceTimersByTimeAsync(0);
		expect(two.told.at(-1)).toMatchObject({ kind: 'response', id: 1, response: { body: 'of two' } });
		expect(one.told).toEqual([{ kind: 'state', state: 'open' }]);
	});

	test('cancels what a page that left was waiting for', () => {
		const { desk, socket } = openDesk();
		const page = join(desk);
		page.say({ kind: 'fetch', id: 1, request: request('/a') });
		page.say({ kind: 'bye' });
		expect(socket.sent).toContainEqual({ cancel: 1 });
		expect(desk.size).toBe(0);
	});

	test('takes a page for gone that is silent, until it speaks again', async () => {
		const { desk, socket } = openDesk();
		const page = join(desk);
		page.say({ kind: 'fetch', id: 1, request: request('/a') });
		desk.dismissSilent(Date.now() + 200_000);
		expect(desk.size).toBe(0);
		expect(socket.sent).toContainEqual({ cancel: 1 });
		page.say({ kind: 'watch', watched: [] });
		expect(desk.size).toBe(1);
	});

	test('watches what any page watches, and tells a later page the release that it knows', () => {
		const { desk, socket } = openDesk();
		const tickets = { project: 'home/main', module: 'tickets' };
		const [one, two, three] = [join(desk), join(desk), join(desk)];
		one.say({ kind: 'watch', watched: [tickets] });
		const event = { type: 'release', ...tickets, release: 'abc' };
		socket.onmessage!({ data: JSON.stringify(event) });
		two.say({ kind: 'watch', watched: [tickets] });
		for (const page of [one, two]) expect(page.told.at(-1)).toEqual({ kind: 'event', event });
		expect(three.told).toHaveLength(1);
		one.say({ kind: 'bye' });
		two.say({ kind: 'watch', watched: [] });
		expect(socket.sent.at(-1)).toEqual({ watch: [] });
	});
});
