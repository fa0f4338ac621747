import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { silentLogger } from '#kernel';
import { createIsolates, type IsolateCall, type Isolates } from './index.ts';

/**
 * Each of these wants all there is of something. It must end within its limits, its process must be
 * replaced, and a neighbour's call meanwhile must succeed.
 */
let isolates: Isolates;
beforeAll(() => {
	isolates = createIsolates({ log: silentLogger, slots: 4, spares: 1 });
});
afterAll(() => isolates.end());

let programs = 0;

function call(tenant: string, body: string, top = ''): IsolateCall {
	return {
		tenant,
		program: {
			key: tenant === 'neighbour' ? 'neighbour' : `x${++programs}`,
			bundle: `${top}; globalThis.__handlers = { 'logic/a.ts': async (request, loam) => { ${body} } };`,
			tables: []
		},
		handler: 'logic/a.ts',
		request: '{}',
		principal: { id: '', name: '', roles: [] },
		now: Date.now(),
		wallMs: 2500,
		host: async () => ({}),
		onLog: () => {}
	};
}

const neighbour = () =>
	isolates.call(call('neighbour', 'return { fine: (await loam.db.one("")) !== undefined }'));

const limited = /^SANDBOX_(CPU|MEMORY|TIMEOUT|HOST_CALLS|LOG|RESULT|DIED)$/;

/** Cases that end in a limit. */
const greedy: Readonly<Record<string, string>> = {
	'a loop': `for (;;);`,
	'a loop after an await': `await null; await loam.db.one(''); for (;;);`,
	'a loop that catches everything': `for (;;) { try { for (;;); } catch {} }`,
	'a loop in finally': `try { throw 1 } finally { for (;;); }`,
	'endless microtasks': `const f = () => Promise.resolve().then(f); await f();`,
	'endless async recursion': `const f = async () => { await null; await f() }; await f();`,
	'never settling': `await new Promise(() => {});`,
	'a loop in a stack getter': `throw Object.defineProperty(new Error('x'), 'stack', { get() { for (;;); } });`,
	'a loop in toJSON': `return { toJSON() { for (;;); } };`,
	'a loop in a getter of the error': `throw { get message() { for (;;); } };`,
	backtracking: `/^(a+)+$/.test('a'.repeat(64) + 'b'); return {};`,
	squaring: `let n = 3n; for (;;) n = n * n;`,
	'a growing map': `const m = new Map(); for (let i = 0; ; i++) m.set(i, { i, s: 'x' + i });`,
	'a growing string': `let s = 'x'; const all = []; for (;;) { s += s; if (s.length > 1e8) { all.push(s.split('')); } }`,
	'a filled array': `Array(1e9).fill(0); return {};`,
	'deep JSON': `JSON.parse('['.repeat(5e7)); for (;;);`,
	'wide JSON': `JSON.parse('[' + '{},'.repeat(2e7) + '0]'); for (;;);`,
	'a flood of Intl': `const all = []; for (;;) all.push(new Intl.DateTimeFormat('de', { timeZone: 'UTC' }));`,
	'a bomb of code': `for (let i = 0; ; i++) new Function('return ' + '(' .repeat(500) + i + ')'.repeat(500))();`,
	'a vast answer': `return { s: 'x'.repeat(17 * 1024 * 1024) };`,
	'a vast argument': `await loam.db.query('', 'x'.repeat(17 * 1024 * 1024)); return {};`,
	'a flood of calls': `for (;;) loam.db.query('');`,
	'a flood of calls that are awaited': `for (;;) await loam.db.query('');`,
	'a flood of calls, errors caught': `for (;;) { try { loam.db.query('').catch(() => {}) } catch {} }`,
	'a flood of lines': `for (;;) loam.log.info('x');`,
	'a flood of lines, errors caught': `for (;;) { try { console.log('x') } catch {} }`,
	'a vast line': `loam.log.info('x'.repeat(40_000)); return {};`,
	'sorting without end': `for (;;) Array.from({ length: 1e5 }, (_, i) => -i).sort(() => 0.5 - Math.random());`
};

describe('what has no bound of its own is bounded', () => {
	test.each(Object.entries(greedy))('%s', { timeout: 15_000 }, async (_name, body) => {
		await neighbour();
		const started = performance.now();
		const outcome = isolates.call(call('hostile', body)).then(
			(ended) => (ended.ok ? 'ok' : ended.thrown.name),
			(error: { reason: string }) => error.reason
		);
		const calm = performance.now();
		expect(await neighbour()).toMatchObject({ ok: true });
		expect(performance.now() - calm).toBeLessThan(1500);
		expect(await outcome).toMatch(limited);
		expect(performance.now() - started).toBeLessThan(4000);
		expect(await isolates.call(call('hostile', 'return { next: 1 }'))).toMatchObject({
			ok: true,
			result: '{"next":1}'
		});
	});

	test('also at the top of a bundle', async () => {
		await expect(isolates.call(call('hostile', '', 'for (;;);'))).rejects.toMatchObject({
			reason: expect.stringMatching(limited)
		});
	});

	test.each([
		[
			'a loop in prepareStackTrace',
			`try { Error.prepareStackTrace = () => { for (;;); } } catch {}
			 Object.defineProperty(Error.prototype, 'stack', { get() { for (;;); } }); throw new Error('x');`,
			'Error'
		],
		['a flood of buffers', `const all = []; for (;;) all.push(new Uint8Array(1e7).fill(1));`, 'RangeError'],
		['one vast buffer', `return [new ArrayBuffer(2e9), new Float64Array(2e8).fill(1)];`, 'RangeError'],
		['endless recursion', `const f = () => f(); f();`, 'RangeError'],
		[
			'recursion that retries',
			`let n = 0; const f = () => { n++; if (n > 1e6) return; try { f() } catch {} }; f(); throw new RangeError('done')`,
			'RangeError'
		]
	])('%s is an error of the handler alone', async (_name, body, name) => {
		expect(await isolates.call(call('hostile', body))).toMatchObject({ ok: false, thrown: { name } });
	});
});

describe('the pool', () => {
	test('gives one tenant at most half of the processes, and the others their turn', async () => {
		const wait =
			'await new Promise((r) => { const end = Date.now; let i = 0; loam.db.one("").then(r) }); return {}';
		await neighbour();
		let running = 0;
		let most = 0;
		const slow: Partial<IsolateCall> = {
			onStart: () => (most = Math.max(most, ++running)),
			host: async () => {
				await new Promise((resolve) => setTimeout(resolve, 200));
				running--;
				return {};
			}
		};
		const greedyCalls = Array.from({ length: 8 }, () => isolates.call({ ...call('many', wait), ...slow }));
		const started = performance.now();
		await neighbour();
		expect(performance.now() - started).toBeLessThan(600);
		await Promise.all(greedyCalls);
		expect(most).toBe(2);
	});

	test('replaces a process that somebody else killed', async () => {
		for (const pid of isolates.stats().pids) process.kill(pid, 'SIGKILL');
		await expect
			.poll(() => isolates.call(call('a', 'return { a: 1 }')).catch(() => undefined), { timeout: 5000 })
			.toMatchObject({ ok: true });
	});

	test('holds no more than its processes, whatever was thrown at it', () => {
		expect(isolates.stats().processes).toBeLessThanOrEqual(4);
		expect(isolates.stats()).toMatchObject({ busy: 0, queued: 0 });
	});

	test(
		'lets a thousand calls through one isolate without growing out of it',
		{ timeout: 30_000 },
		async () => {
			const program = call(
				'steady',
				`return { s: JSON.stringify(Array.from({ length: 1000 }, (_, i) => ({ i }))).length }`
			);
			for (let i = 0; i < 1000; i++) await isolates.call(program);
			expect(isolates.stats().processes).toBeLessThanOrEqual(4);
		}
	);
});

describe.runIf(process.platform === 'linux')('a sandbox process', () => {
	test('has no environment, a bound on its memory and no rights', async () => {
		await neighbour();
		// One that has just been started goes through the programs that bind it first.
		await vi.waitFor(() => isolates.stats().pids.forEach(expectBound), { timeout: 5000 });
	});

	test('does not outlive its parent, whatever it is doing', { timeout: 20_000 }, async () => {
		const parent = spawn(process.execPath, ['--no-node-snapshot', '--input-type=module', '-e', orphanMaker], {
			stdio: ['ignore', 'pipe', 'inherit']
		});
		const pids = JSON.parse(String((await once(parent.stdout, 'data'))[0])) as number[];
		expect(pids.length).toBeGreaterThan(0);
		parent.kill('SIGKILL');
		await expect.poll(() => pids.filter(isAlive), { timeout: 3000 }).toEqual([]);
	});
});

function expectBound(pid: number): void {
	expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).toBe('');
	expect(readFileSync(`/proc/${pid}/limits`, 'utf8')).toMatch(/Max data size\s+1610612736/);
	const flags = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
	expect(flags).toContain('--permission');
	expect(flags.filter((flag) => /allow-(fs-write|child-process|worker|wasi|net)/.test(flag))).toEqual([]);
}

/** Starts an endless loop in a sandbox and tells the process ids while it runs. */
const orphanMaker = `
	const { createIsolates } = await import('#platform/isolates');
	const { silentLogger } = await import('#kernel');
	const isolates = createIsolates({ log: silentLogger, slots: 1 });
	isolates.call({
		tenant: 'a', program: { key: 'a', bundle: 'globalThis.__handlers = { a: async (r, loam) => { await loam.db.one(""); for (;;); } }', tables: [] },
		handler: 'a', request: '{}', principal: { id: '', name: '', roles: [] }, now: 0, wallMs: 60000,
		host: async () => { setTimeout(() => console.log(JSON.stringify(isolates.stats().pids)), 100); return {}; }, onLog() {}
	}).catch(() => {});`;

function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch {
		return false;
	}
}
