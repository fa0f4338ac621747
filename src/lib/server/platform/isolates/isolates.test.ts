import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AppError, silentLogger } from '#kernel';
import { createIsolates, type IsolateCall, type IsolateOutcome, type Isolates } from './index.ts';

let isolates: Isolates;
beforeAll(() => {
	isolates = createIsolates({ log: silentLogger, slots: 4 });
});
afterAll(() => isolates.end());

const programs = new Map<string, string>();

/** Runs the body of a handler: `request` and `loam` are in scope. */
function run(body: string, more: Partial<IsolateCall> = {}): Promise<IsolateOutcome> {
	if (!programs.has(body)) programs.set(body, `p${programs.size}`);
	return isolates.call({
		tenant: 'a',
		program: {
			key: programs.get(body)!,
			bundle: `globalThis.__handlers = { 'logic/a.ts': async (request, loam) => { ${body} } };`,
			tables: ['tickets']
		},
		handler: 'logic/a.ts',
		request: '{"n": 1}',
		principal: { id: 'u1', name: 'Ann', roles: ['project-user'] },
		now: Date.UTC(2026, 0, 2),
		wallMs: 3000,
		host: async (method, args) => ({ method, args }),
		onLog: () => {},
		...more
	});
}

async function value(body: string, more?: Partial<IsolateCall>): Promise<unknown> {
	const outcome = await run(body, more);
	if (!outcome.ok) throw new Error(`${outcome.thrown.kind} ${outcome.thrown.message}`);
	return JSON.parse(outcome.result);
}

describe('a call', () => {
	test('gets the request and returns an answer', async () => {
		expect(
			await value('return { twice: request.n * 2, who: loam.principal.name, roles: loam.principal.roles }')
		).toEqual({
			twice: 2,
			who: 'Ann',
			roles: ['project-user']
		});
	});

	test('asks the host', async () => {
		expect(await value('return await loam.db.tickets.get("k")')).toEqual({
			method: 'table.get',
			args: ['tickets', 'k']
		});
		expect(await value('return await loam.db.query("SELECT $1", 1)')).toEqual({
			method: 'db.query',
			args: ['SELECT $1', [1]]
		});
	});

	test('asks the host many things at once', async () => {
		const host = async (_method: string, args: readonly unknown[]) => (args[1] as number[])[0]! * 2;
		expect(
			await value(
				`const all = await Promise.all(Array.from({ length: 100 }, (_, i) => loam.db.query('', i)));
				return { sum: all.reduce((a, b) => a + b, 0) };`,
				{ host }
			)
		).toEqual({ sum: 9900 });
	});

	test('has one time, and chance that is its own', async () => {
		const body = `return { now: loam.now(), date: new Date().toISOString(), ms: Date.now(), old: new Date(0).getTime(),
			random: [Math.random(), loam.random()], uuid: [loam.uuid(), loam.uuid()] }`;
		const [a, b] = (await Promise.all([value(body), value(body)])) as { random: number[]; uuid: string[] }[];
		expect(a).toMatchObject({
			now: '2026-01-02T00:00:00.000Z',
			date: '2026-01-02T00:00:00.000Z',
			ms: Date.UTC(2026, 0, 2),
			old: 0
		});
		for (const uuid of a!.uuid)
			expect(uuid).toMatch(/^019b7c01-0400-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
		expect(new Set([...a!.random, ...b!.random]).size).toBe(4);
		expect(new Set([...a!.uuid, ...b!.uuid]).size).toBe(4);
	});

	test('writes to the log', async () => {
		const lines: unknown[] = [];
		await value(`loam.log.warn('careful', { n: 1 }); console.log('a', { b: 1 }, 2n)`, {
			onLog: (level, line) => lines.push([level, line])
		});
		expect(lines).toEqual([
			['warn', { message: 'careful', fields: { n: 1 } }],
			['info', { message: 'a {"b":1} 2' }]
		]);
	});

	test('says what was thrown, and where', async () => {
		const outcome = await run('\n\nnull.x');
		expect(outcome).toMatchObject({
			ok: false,
			thrown: { kind: 'error', name: 'TypeError', stack: expect.stringContaining('bundle.js:3:') }
		});
		expect(await run(`loam.fail('LATE', 'Too late')`)).toMatchObject({
			ok: false,
			thrown: { kind: 'fail', reason: 'LATE', message: 'Too late' }
		});
		expect(await run('', { handler: 'logic/b.ts' })).toMatchObject({
			ok: false,
			thrown: { kind: 'missing' }
		});
		expect(
			await run('', { program: { key: 'broken', bundle: 'throw new RangeError("top")', tables: [] } })
		).toMatchObject({
			ok: false,
			thrown: { kind: 'error', name: 'RangeError', message: 'top' }
		});
	});

	test("gives the host's clean errors to the handler, and of others no word", async () => {
		const clean = () =>
			Promise.reject(new AppError({ code: 'not_found', reason: 'NOPE', message: 'Not there.' }));
		expect(
			await value(
				`try { await loam.db.one('') } catch (e) { return { reason: e.reason, code: e.code, message: e.message } }`,
				{ host: clean }
			)
		).toEqual({
			reason: 'NOPE',
			code: 'not_found',
			message: 'Not there.'
		});
		const bug = () => Promise.reject(new Error('/srv/loam/secret.ts: password'));
		expect(
			await value(
				`try { await loam.db.one('') } catch (e) { return { text: e.message + e.stack + JSON.stringify(e) } }`,
				{ host: bug }
			)
		).toEqual({
			text: expect.not.stringMatching(/secret|password|\/srv/)
		});
	});
});

/** Each tries to reach what is not the guest's. `escaped` is told only by code that got out. */
const escapes: Readonly<Record<string, string>> = {
	'constructor of the constructor': `return { r: typeof this?.constructor?.constructor?.('return process')() }`,
	'Function of globalThis': `return { r: typeof Function('return typeof process !== "undefined" ? process : typeof require !== "undefined" ? require : undefined')() }`,
	AsyncFunction: `return { r: typeof await (async () => {}).constructor('return typeof process === "undefined" ? undefined : process')() }`,
	GeneratorFunction: `return { r: typeof (function* () {}).constructor('return typeof process === "undefined" ? undefined : process')().next().value }`,
	'constructor of what the host answers': `const a = await loam.db.one(''); return { r: typeof a.constructor.constructor('return typeof process === "undefined" ? undefined : process')() }`,
	'constructor of an error of the host': `try { await loam.db.one('fail') } catch (e) { return { r: typeof e.constructor.constructor('return typeof process === "undefined" ? undefined : process')() } }`,
	'constructor of a promise of the host': `const p = loam.db.one(''); const r = p.constructor.constructor('return typeof process === "undefined" ? undefined : process')(); await p; return { r: typeof r }`,
	'constructor of loam': `return { r: typeof loam.db.query.constructor('return typeof process === "undefined" ? undefined : process')() }`,
	require: `return { r: typeof require }`,
	process: `return { r: typeof process }`,
	'dynamic import': `try { return { r: typeof (await import('node:fs')) } } catch { return { r: 'undefined' } }`,
	getBuiltinModule: `return { r: typeof globalThis.process?.getBuiltinModule }`,
	'CallSite.getThis': `let r; try { Error.prepareStackTrace = (_, sites) => { r = sites.map((s) => s.getThis?.() ?? s.getFunction?.()).find(Boolean); return '' }; new Error().stack } catch {} return { r: typeof r }`,
	'the caller of a function': `const f = new Function('return arguments.callee.caller'); const c = f(); return { r: c ? await c.constructor('return typeof process')() : 'undefined' }`,
	'stack overflow in the host': `const deep = () => { try { return deep() } catch (e) { return e } }; const e = deep(); return { r: typeof e.constructor.constructor('return typeof process === "undefined" ? undefined : process')() }`,
	'Proxy as argument': `const p = new Proxy({}, { get: (t, k, receiver) => { if (typeof receiver === 'object' && receiver?.process) return 1 } }); await loam.db.query('', p); return { r: 'undefined' }`,
	'species of arrays': `class X extends Array { static get [Symbol.species]() { return function () { return globalThis.process } } } const r = new X(1, 2).map((x) => x); return { r: typeof r === 'object' && r?.pid ? 'escaped' : 'undefined' }`,
	'species of promises': `Object.defineProperty(Promise, Symbol.species, { value: class extends Promise {} }); const a = await loam.db.one('x'); return { r: typeof a.process }`,
	'then of promises': `const then = Promise.prototype.then; let seen; Promise.prototype.then = function (a, b) { seen = this; return then.call(this, a, b) }; await loam.db.one('x'); Promise.prototype.then = then; return { r: seen ? typeof seen.process : 'undefined' }`,
	'return of async generators': `async function* g() { yield* { [Symbol.asyncIterator]() { return { next: async () => ({ done: false, value: 1 }), return: (v) => ({ then: (r) => r({ done: true, value: v }) }) } } } } const i = g(); await i.next(); const r = await i.return(globalThis); return { r: typeof r.value?.process }`,
	'Array.fromAsync': `const r = await Array.fromAsync({ length: 1, 0: { then(ok) { ok(globalThis) } } }); return { r: typeof r[0].process }`,
	SuppressedError: `return { r: typeof (globalThis.SuppressedError ? new SuppressedError(1, 2).constructor.constructor('return typeof process === "undefined" ? undefined : process')() : undefined) }`,
	'Error.cause': `const e = new Error('x', { cause: { get process() { return undefined } } }); return { r: typeof e.cause.process }`,
	'Reflect.construct': `class T { constructor() { this.t = new.target } } const r = Reflect.construct(T, [], loam.db.query.bind()); return { r: typeof r.t.process }`,
	__lookupGetter__: `const g = ({}).__lookupGetter__('__proto__'); return { r: typeof g.call(loam.db)?.process }`,
	'symbols across realms': `return { r: typeof globalThis[Symbol.for('nodejs.util.inspect.custom')] }`,
	'handles on the globals': `return { r: Object.getOwnPropertyNames(globalThis).some((k) => /ivm|isolate|send|breach|host/i.test(k)) ? 'escaped' : 'undefined' }`,
	'handles on loam': `return { r: Object.keys(loam).some((k) => !['db', 'log', 'principal', 'now', 'random', 'uuid', 'fail'].includes(k)) ? 'escaped' : 'undefined' }`,
	'Deref of a Reference': `return { r: typeof loam.db.query.deref }`,
	WebAssembly: `return { r: typeof WebAssembly }`,
	SharedArrayBuffer: `return { r: typeof SharedArrayBuffer }`,
	Atomics: `return { r: typeof Atomics }`,
	FinalizationRegistry: `return { r: typeof FinalizationRegistry }`,
	'loam is changed': `try { loam.db.query = 1; loam.x = 1 } catch {} return { r: typeof loam.x }`,
	'a frozen clock': `try { Date.prototype.constructor = 1 } catch {} return { r: new Date.prototype.constructor().getTime() === Date.now() ? 'undefined' : 'escaped' }`,
	'the real Date': `return { r: new (new Date().constructor)().getTime() === Date.now() ? 'undefined' : 'escaped' }`,
	'a resizable buffer': `try { new ArrayBuffer(8, { maxByteLength: 1e9 }); return { r: 'escaped' } } catch { return { r: 'undefined' } }`,
	'a resizable buffer by its constructor': `try { new (new Uint8Array(8).buffer.constructor)(8, { maxByteLength: 1e9 }); return { r: 'escaped' } } catch { return { r: 'undefined' } }`,
	'a resizable buffer by Reflect': `try { Reflect.construct(Object.getPrototypeOf(new Uint8Array(1).buffer).constructor, [8, { maxByteLength: 1e9 }]); return { r: 'escaped' } } catch { return { r: 'undefined' } }`,
	'a buffer that is resized': `return { r: typeof new ArrayBuffer(8).resize }`
};

describe('no way out', () => {
	const host = async (_: string, args: readonly unknown[]) => {
		if (args[0] === 'fail') throw new AppError({ code: 'not_found', reason: 'X', message: 'x' });
		return { fine: true };
	};
	test.each(Object.entries(escapes))('by %s', async (_name, body) => {
		const outcome = await run(body, { host });
		// Either it saw nothing, or what it tried was an error of its own.
		expect(outcome.ok ? JSON.parse(outcome.result) : outcome.thrown.kind).toSatisfy(
			(seen) => seen === 'error' || (seen as { r: string }).r === 'undefined'
		);
	});

	test('patched bridges change only the patient', async () => {
		const body = `
			JSON.stringify = () => '{"hacked":1}'; JSON.parse = () => ({ hacked: 1 }); Map.prototype.get = () => undefined;
			Promise.prototype.then = function () { throw 1 }; Object.freeze = (x) => x; Reflect.apply = () => 1; String = () => 'x';
			Array.prototype[Symbol.iterator] = function* () { yield 'hacked' };
			const r = await loam.db.one('x'); return { r };`;
		expect(await value(body, { host: async (_m, args) => ({ args }) })).toMatchObject({
			r: { args: expect.any(Array) }
		});
		expect(await value('return JSON.parse(JSON.stringify({ clean: [...[1]][0] }))')).toEqual({ clean: 1 });
	});

	test('what one call leaves behind the next does not see', async () => {
		const body = `const seen = [globalThis.left, ({}).polluted, [].polluted]; globalThis.left = 1; Object.prototype.polluted = 1; Array.prototype.polluted = 1; return { seen: seen.map((x) => x ?? null) }`;
		for (let i = 0; i < 3; i++) expect(await value(body)).toEqual({ seen: [null, null, null] });
		expect(({} as { polluted?: number }).polluted).toBeUndefined();
	});

	test('prototypes are not polluted by requests or answers', async () => {
		expect(
			await value(`return { own: Object.keys(request), proto: ({}).polluted ?? null }`, {
				request: '{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}'
			})
		).toEqual({ own: ['__proto__', 'constructor'], proto: null });
		const outcome = await run(`return JSON.parse('{"__proto__": {"polluted": 1}}')`);
		expect(outcome.ok && Object.keys(JSON.parse(outcome.result) as object)).toEqual(['__proto__']);
		expect(({} as { polluted?: number }).polluted).toBeUndefined();
	});

	test.each([
		['a getter that throws', `return { get x() { throw new Error('toxic') } }`],
		['a toJSON that throws', `return { toJSON() { throw new Error('toxic') } }`],
		['a thenable', `return { then(ok) { ok({ fine: 1 }) } }`],
		['a thenable that never ends badly', `return { then(_, no) { no('bad') } }`],
		['a circle', `const a = {}; a.a = a; return a`],
		['a symbol', `return Symbol('x')`],
		['a bigint', `return { a: 1n }`],
		['a proxy', `return new Proxy({}, { ownKeys() { throw new Error('toxic') } })`],
		[
			'an error without words',
			`throw { get message() { throw 1 }, get name() { throw 1 }, get stack() { throw 1 } }`
		],
		[
			'an error named by a symbol',
			`const e = new Error('x'); Object.defineProperty(e, 'name', { value: Symbol('n') }); throw e`
		],
		['undefined', `throw undefined`],
		['null', `throw null`],
		['a revoked proxy', `const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); throw proxy`]
	])('and an answer that bites is an outcome: %s', async (_name, body) => {
		expect(await run(body)).toMatchObject({ ok: expect.any(Boolean) });
		expect(await value('return { next: 1 }')).toEqual({ next: 1 });
	});

	test('a forged error of the platform is an error like any other', async () => {
		const body = `const e = new Error('x'); e.reason = 'FORGED'; Object.defineProperty(e, 'name', { value: 'LoamError' }); throw e`;
		expect(await run(body)).toMatchObject({ ok: false, thrown: { kind: 'error' } });
	});

	test('a call that has ended cannot ask any more', async () => {
		const asked: unknown[] = [];
		const host = async (_: string, args: readonly unknown[]) => asked.push(args[0]);
		const late = `Promise.resolve().then(async () => { for (let i = 0; i < 50; i++) await null; await loam.db.one('late') })`;
		await run(`${late}.catch(() => {}); return {}`, { host });
		expect(await run(`${late}; return {}`, { host })).toMatchObject({
			ok: false,
			thrown: { message: 'The call has ended.' }
		});
		await value('return { next: 1 }');
		await new Promise((resolve) => setTimeout(resolve, 50));
		expect(asked).toEqual([]);
	});

	test('a rejection that nobody handles fails the call, and only that', async () => {
		expect(await run(`Promise.reject(new RangeError('loose')); await null; return {}`)).toMatchObject({
			ok: false,
			thrown: { name: 'RangeError', message: 'loose' }
		});
		expect(await value('return { next: 1 }')).toEqual({ next: 1 });
	});
});
