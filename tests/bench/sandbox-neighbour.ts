import { silentLogger } from '#kernel';
import { createIsolates, type IsolateCall, type Isolates } from '#platform/isolates';
import { quantile, row, type Row } from './row.ts';

const samples = 400;
const pauseMs = 5;

/** What a hostile tenant does, one after the other and always two at once: half of the pool. */
const hostile = [
	'for (;;);',
	'const all = []; for (;;) all.push(new Map([[{}, all.length]]));',
	'for (;;) await null;',
	'/^(a+)+$/.test("a".repeat(64) + "b"); return {}'
];

/** The p99 of a small call, beside a tenant that wants everything, against the same in calm. */
export async function run(): Promise<Row[]> {
	const isolates = createIsolates({ log: silentLogger, slots: 4 });
	try {
		await measure(isolates, 100);
		const calm = await measure(isolates, samples);
		const attack = startAttack(isolates);
		const beside = await measure(isolates, samples);
		await attack.stop();
		return [
			row({
				name: 'sandbox neighbour',
				value: quantile(beside, 0.99),
				unit: 'ms p99',
				against: 'the same in calm',
				reference: quantile(calm, 0.99),
				goal: '<= 2'
			})
		];
	} finally {
		await isolates.end();
	}
}

async function measure(isolates: Isolates, count: number): Promise<number[]> {
	const times: number[] = [];
	for (let i = 0; i < count; i++) {
		const started = performance.now();
		const outcome = await isolates.call(call('neighbour', 'neighbour', 'return { n: request.n + 1 }'));
		times.push(performance.now() - started);
		if (!outcome.ok) throw new Error(outcome.thrown.message);
		await new Promise((resolve) => setTimeout(resolve, pauseMs));
	}
	return times;
}

function startAttack(isolates: Isolates): { stop(): Promise<void> } {
	let stopped = false;
	const attackers = [0, 1].map(async (n) => {
		for (let i = n; !stopped; i++) {
			const body = hostile[i % hostile.length]!;
			await isolates.call(call('hostile', `hostile ${i % hostile.length}`, body)).catch(() => {});
		}
	});
	return {
		async stop() {
			stopped = true;
			await Promise.all(attackers);
		}
	};
}

function call(tenant: string, key: string, body: string): IsolateCall {
	return {
		tenant,
		program: {
			key,
			bundle: `globalThis.__handlers = { 'logic/a.ts': async (request, loam) => { ${body} } };`,
			tables: []
		},
		handler: 'logic/a.ts',
		request: '{"n": 1}',
		principal: { id: '', name: '', roles: [] },
		now: Date.now(),
		wallMs: 5000,
		host: async () => ({}),
		onLog: () => {}
	};
}
