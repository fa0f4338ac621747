import { afterAll, describe, expect, test } from 'vitest';
import { AppError, silentLogger } from '#kernel';
import { createIsolates, type IsolateCall, type IsolateOutcome } from './index.ts';

const isolates = createIsolates({ log: silentLogger, slots: 4 });
afterAll(() => isolates.end());

let programs = 0;

/** Runs the body of a handler: `request` and `loam` are in scope. */
function run(body: string, more: Partial<IsolateCall> = {}): Promise<IsolateOutcome> {
	const bundle = `globalThis.__handlers = { 'logic/a.ts': async (request, loam) => { ${body} } };`;
	return isolates.call({
		tenant: 'a',
		program: { key: `p${++programs}`, bundle, tables: ['tickets'] },
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
		expect(await value('return { twice: request.n * 2, who: loam.principal.name, at: loam.now() }')).toEqual({
			twice: 2,
			who: 'Ann',
			at: '2026-01-02T00:00:00.000Z'
		});
	});
	test('asks the host', async () => {
		expect(await value('return await loam.db.tickets.get("k")')).toEqual({
			method: 'table.get',
			args: ['tickets', 'k']
		});
	});
});
